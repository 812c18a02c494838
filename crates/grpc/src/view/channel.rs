//! The typed view of a session's channel.

use channel_session_api::v1::{
    Channel, ChannelConfig, ChannelConnector, ChannelProviderInterface, ChannelType,
    CustomerIdentificationCriteria, RoutingPolicy, Tenant,
};

use super::members::Members;

pub(super) fn channel(members: Members<'_>) -> Channel {
    Channel {
        id: members.string("id"),
        name: members.string("name"),
        service_identifier: members.string("serviceIdentifier"),
        default_outbound: members.boolean("defaultOutbound"),
        tenant: members.message("tenant", tenant),
        channel_config: members.message("channelConfig", channel_config),
        channel_connector: members.message("channelConnector", channel_connector),
        channel_type: members.message("channelType", channel_type),
    }
}

fn tenant(members: Members<'_>) -> Tenant {
    Tenant { id: members.string("id"), name: members.any("name") }
}

fn channel_config(members: Members<'_>) -> ChannelConfig {
    ChannelConfig {
        id: members.string("id"),
        channel_mode: members.string("channelMode"),
        conversation_bot: members.string("conversationBot"),
        response_sla: members.integer("responseSla"),
        customer_activity_timeout: members.integer("customerActivityTimeout"),
        customer_identification_criteria: members.message("customerIdentificationCriteria", |members| {
            CustomerIdentificationCriteria { value: members.any("value") }
        }),
        routing_policy: members.message("routingPolicy", routing_policy),
        bot_id: members.string("botId"),
    }
}

fn routing_policy(members: Members<'_>) -> RoutingPolicy {
    RoutingPolicy {
        agent_selection_policy: members.string("agentSelectionPolicy"),
        route_to_last_agent: members.boolean("routeToLastAgent"),
        routing_mode: members.string("routingMode"),
        routing_object_id: members.string("routingObjectId"),
        agent_request_ttl: members.integer("agentRequestTtl"),
    }
}

fn channel_connector(members: Members<'_>) -> ChannelConnector {
    ChannelConnector {
        id: members.string("id"),
        name: members.string("name"),
        channel_provider_interface: members.message("channelProviderInterface", channel_provider_interface),
        channel_provider_configs: members.list("channelProviderConfigs"),
        tenant: members.message("tenant", tenant),
    }
}

fn channel_provider_interface(members: Members<'_>) -> ChannelProviderInterface {
    ChannelProviderInterface {
        id: members.string("id"),
        name: members.string("name"),
        supported_channel_types: members.messages("supportedChannelTypes", channel_type),
        provider_webhook: members.string("providerWebhook"),
        channel_provider_config_schema: members.list("channelProviderConfigSchema"),
    }
}

fn channel_type(members: Members<'_>) -> ChannelType {
    ChannelType {
        id: members.string("id"),
        name: members.string("name"),
        channel_logo: members.string("channelLogo"),
        is_interactive: members.boolean("isInteractive"),
        media_routing_domain: members.string("mediaRoutingDomain"),
    }
}
