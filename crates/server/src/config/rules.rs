//! What an update may do.

use clap::{Args, ValueEnum, builder::PossibleValue};
use domain::value_type::ValueRules;

use super::number;

/// What an update may do.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Rules")]
pub struct Rules {
    /// How many attributes a session may grow to. Longer lists that are stored already can be overridden, not grown
    #[arg(
        long,
        env = "MAX_ATTRIBUTES",
        default_value_t = 10,
        value_parser = number::<0>,
        hide_env_values = true
    )]
    pub max_attributes: u32,

    /// Whether values have to fit their types. `lenient` is for callers that never kept to them; the type still has to
    /// be one that exists
    #[arg(long, env = "VALUE_RULES", default_value = "strict", hide_env_values = true)]
    value_rules: RulesName,
}

impl Rules {
    /// The domain's name for the setting.
    #[must_use]
    pub fn value_rules(&self) -> ValueRules {
        self.value_rules.0
    }
}

/// The setting by its name.
#[derive(Debug, Clone, Copy)]
struct RulesName(ValueRules);

impl ValueEnum for RulesName {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(ValueRules::Strict), Self(ValueRules::Lenient)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self.0 {
            ValueRules::Strict => "strict",
            ValueRules::Lenient => "lenient",
        }))
    }
}
