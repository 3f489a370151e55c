mod line;
mod machine;
mod place;
mod recorded;
#[path = "../../../../../tests/outside/requirement.rs"]
mod requirement;
