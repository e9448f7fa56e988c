#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let account = format!("{}/m2m/v1/accounts/0000123456-00001", std::env::var("THINGSPACE_PROXY_URL")?);
    println!("{}", reqwest::get(account).await?.error_for_status()?.text().await?);
    Ok(())
}
