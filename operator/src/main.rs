//! `relay-operator`.
fn main() -> anyhow::Result<()> {
    print!("{}", relay_operator::api::crd_yaml()?);
    Ok(())
}
