//! The files that describe what a server has, found by what is in them.

use prost_reflect::{DescriptorPool, FileDescriptor};

/// What was asked for and is not there.
#[derive(Debug)]
pub(super) struct NotFound(pub(super) String);

pub(super) struct Files(DescriptorPool);

impl Files {
    /// # Panics
    /// If a descriptor set is damaged.
    pub(super) fn new<'a>(sets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut pool = DescriptorPool::new();
        for set in sets {
            pool.decode_file_descriptor_set(set).expect("compiled-in descriptors are whole");
        }
        Self(pool)
    }

    pub(super) fn services(&self) -> impl Iterator<Item = String> {
        self.0.services().map(|service| service.full_name().to_owned())
    }

    pub(super) fn named(&self, name: &str) -> Result<Vec<u8>, NotFound> {
        encoded(self.0.get_file_by_name(name)).ok_or_else(|| NotFound(format!("the file {name:?}")))
    }

    /// The file of a type, a service, a method, a field or a value, by its full name.
    pub(super) fn with_symbol(&self, name: &str) -> Result<Vec<u8>, NotFound> {
        let name = name.trim_start_matches('.');
        let file = self.of_type(name).or_else(|| {
            let (parent, child) = name.rsplit_once('.')?;
            self.of_member(parent, child)
        });
        encoded(file).ok_or_else(|| NotFound(format!("the symbol {name:?}")))
    }

    fn of_type(&self, name: &str) -> Option<FileDescriptor> {
        let pool = &self.0;
        let message = pool.get_message_by_name(name).map(|it| it.parent_file());
        let of_enum = || pool.get_enum_by_name(name).map(|it| it.parent_file());
        let service = || pool.get_service_by_name(name).map(|it| it.parent_file());
        let extension = || pool.get_extension_by_name(name).map(|it| it.parent_file());
        message.or_else(of_enum).or_else(service).or_else(extension)
    }

    fn of_member(&self, parent: &str, child: &str) -> Option<FileDescriptor> {
        let pool = &self.0;
        if let Some(message) = pool.get_message_by_name(parent) {
            let is_there = message.get_field_by_name(child).is_some()
                || message.oneofs().any(|oneof| oneof.name() == child)
                || message.child_enums().any(|it| it.get_value_by_name(child).is_some());
            return is_there.then(|| message.parent_file());
        }
        if let Some(service) = pool.get_service_by_name(parent) {
            return service.methods().any(|it| it.name() == child).then(|| service.parent_file());
        }
        // A value's name stands beside its enum's, as in C.
        let beside =
            pool.all_enums().filter(|it| it.package_name() == parent && it.parent_message().is_none());
        beside.into_iter().find(|it| it.get_value_by_name(child).is_some()).map(|it| it.parent_file())
    }

    pub(super) fn with_extension(&self, message: &str, number: i32) -> Result<Vec<u8>, NotFound> {
        let extension = u32::try_from(number).ok().and_then(|number| {
            self.0.get_message_by_name(message.trim_start_matches('.'))?.get_extension(number)
        });
        encoded(extension.map(|it| it.parent_file()))
            .ok_or_else(|| NotFound(format!("the extension {number} of {message:?}")))
    }

    pub(super) fn extensions_of(&self, message: &str) -> Result<Vec<i32>, NotFound> {
        let found = self.0.get_message_by_name(message.trim_start_matches('.'));
        let found = found.ok_or_else(|| NotFound(format!("the type {message:?}")))?;
        Ok(found.extensions().filter_map(|it| i32::try_from(it.number()).ok()).collect())
    }
}

fn encoded(file: Option<FileDescriptor>) -> Option<Vec<u8>> {
    file.map(|file| file.encode_to_vec())
}
