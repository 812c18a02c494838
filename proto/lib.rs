//! The gRPC contract of channel-sessions, generated from `proto/`: messages, client, server trait and the
//! descriptor set that reflection serves. Knows nothing of how the service is built.

/// Package `channelsession.v1`. The `.proto` files are its reference.
pub mod v1 {
    #![allow(missing_docs, reason = "generated code: what prost itself adds has no comments")]
    #![allow(clippy::all, clippy::wildcard_enum_match_arm, reason = "generated code")]
    tonic::include_proto!("channelsession.v1");
}

/// The encoded `google.protobuf.FileDescriptorSet` of this package and of what it imports, comments included.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));
