//! stub
use crate::model::Issuer;
use serde_json::Value;
pub enum Breadth {
    Everything,
    Service,
}
pub struct Wide {
    pub breadth: Breadth,
    pub statement: usize,
    pub actions: Vec<String>,
}
impl Wide {
    pub fn text(&self) -> String {
        String::new()
    }
}
pub fn wide_permissions(_: &Value) -> Vec<Wide> {
    Vec::new()
}
pub struct Opening;
impl Opening {
    pub fn is_wide(&self) -> bool {
        false
    }
    pub fn text(&self) -> &'static str {
        ""
    }
    pub fn name(&self) -> &'static str {
        ""
    }
    pub fn statement(&self) -> usize {
        0
    }
}
pub fn openings(_: &Value, _: Option<&Issuer>) -> Vec<Opening> {
    Vec::new()
}
pub fn difference(_: &Value, _: &Value) -> Vec<String> {
    Vec::new()
}
