use std::env::var;
use thingspace_client::{apis::configuration::Configuration, apis::session_management_api::*, models::LogInRequest};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let mut config = Configuration { base_path: var("THINGSPACE_BASE_URL")?, client: http.clone(), ..Configuration::new() };
    let token_url = format!("{}/ts/v1/oauth2/token", config.base_path);
    let grant = http.post(token_url).basic_auth(var("THINGSPACE_APP_KEY")?, Some(var("THINGSPACE_APP_SECRET")?));
    let granted: serde_json::Value = grant.form(&[("grant_type", "client_credentials")]).send().await?.json().await?;
    let bearer = granted["access_token"].as_str().ok_or("no access_token")?;
    config.oauth_access_token = Some(bearer.to_owned());

    let login = LogInRequest::new(var("THINGSPACE_USERNAME")?, var("THINGSPACE_PASSWORD")?);
    let session = start_connectivity_management_session(&config, Some(login)).await?;
    let account = http.get(format!("{}/m2m/v1/accounts/0000123456-00001", config.base_path));
    let answer = account.bearer_auth(bearer).header("VZ-M2M-Token", session.session_token).send().await?;
    println!("{}", answer.error_for_status()?.text().await?);
    Ok(())
}
