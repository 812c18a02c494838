//! Which right each call needs.

use access::Scope;

/// The scope that a method of the service needs, by its name. One that nobody has thought of needs that which the fewest
/// have.
pub(super) fn of(method: &str) -> Scope {
    known(method).unwrap_or(Scope::Delete)
}

fn known(method: &str) -> Option<Scope> {
    match method {
        "GetChannelSession"
        | "ListChannelSessions"
        | "ListChannelSessionHistory"
        | "WatchChannelSessions" => Some(Scope::Read),
        "UpdateData"
        | "BatchUpdateData"
        | "StreamUpdateData"
        | "CreateChannelSession"
        | "EndChannelSession" => Some(Scope::Write),
        "DeleteChannelSession" => Some(Scope::Delete),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use channel_session_api::FILE_DESCRIPTOR_SET;
    use prost::Message as _;
    use prost_types::{FileDescriptorSet, MethodDescriptorProto};

    use super::*;

    #[test]
    fn every_method_needs_one() {
        let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("the set that is compiled in");
        let methods = set.file.iter().flat_map(|file| &file.service).flat_map(|service| &service.method);
        let names: Vec<_> = methods.map(MethodDescriptorProto::name).collect();
        assert!(names.len() >= 10, "{names:?}");
        for name in names {
            assert!(known(name).is_some(), "{name}");
        }
    }
}
