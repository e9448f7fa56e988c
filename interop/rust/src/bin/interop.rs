//! Every step is one line on standard output; the first that goes wrong ends the program with status 1.

use std::{env, process::exit};

use serde_json::Value;
use thingspace_client::apis::configuration::{ApiKey, Configuration};
use thingspace_client::apis::session_management_api::{
    end_connectivity_management_session, reset_connectivity_management_password,
    start_connectivity_management_session, EndConnectivityManagementSessionError,
    StartConnectivityManagementSessionError,
};
use thingspace_client::apis::Error;
use thingspace_client::models::{GatewayFault, LogInRequest, SessionResetPasswordRequest};

type Failure = Box<dyn std::error::Error>;

fn check(step: &str, good: bool, reason: &str) {
    if !good {
        eprintln!("wrong: {step}: {reason}");
        exit(1);
    }
}

fn done(step: &str) {
    println!("ok: {step}");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let base_url = env::var("THINGSPACE_BASE_URL")?;
    let username = env::var("THINGSPACE_USERNAME")?;
    let old_password = env::var("THINGSPACE_PASSWORD")?;
    let login = |password: &str| Some(LogInRequest::new(username.clone(), password.to_owned()));

    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let mut config = Configuration { base_path: base_url.clone(), client: http.clone(), ..Configuration::new() };

    let granted = http
        .post(format!("{base_url}/ts/v1/oauth2/token"))
        .basic_auth(env::var("THINGSPACE_APP_KEY")?, Some(env::var("THINGSPACE_APP_SECRET")?))
        .form(&[("grant_type", "client_credentials")])
        .send()
        .await?
        .error_for_status()?
        .json::<Value>()
        .await?;
    config.oauth_access_token = granted["access_token"].as_str().map(str::to_owned);
    check("bearer", config.oauth_access_token.is_some(), "no access_token");
    done("bearer");

    let session = start_connectivity_management_session(&config, login(&old_password)).await?;
    config.api_key = Some(ApiKey { prefix: None, key: session.session_token });
    done("login");

    let account = http
        .get(format!("{base_url}/m2m/v1/accounts/0000123456-00001"))
        .bearer_auth(config.oauth_access_token.as_deref().unwrap_or_default())
        .header("VZ-M2M-Token", config.api_key.as_ref().map(|k| k.key.as_str()).unwrap_or_default())
        .send()
        .await?
        .json::<Value>()
        .await?;
    check("resource", account["accountName"] == "0000123456-00001", "another account");
    done("resource");

    let reset = SessionResetPasswordRequest::new(old_password.clone());
    let new_password = reset_connectivity_management_password(&config, reset).await?.new_password;
    check("reset", !new_password.is_empty() && new_password != old_password, "no new password");
    done("reset");

    let session = start_connectivity_management_session(&config, login(&new_password)).await?;
    config.api_key = Some(ApiKey { prefix: None, key: session.session_token.clone() });
    done("new-password");

    match start_connectivity_management_session(&config, login(&old_password)).await {
        Err(Error::ResponseError(refused)) => {
            check("refused-login", refused.status == 400, "another status");
            let Some(StartConnectivityManagementSessionError::Status400(refusal)) = refused.entity else {
                return Err("wrong: refused-login: not typed".into());
            };
            let code = refusal.error_code.unwrap_or_default();
            check("refused-login", code.contains("Password") && refusal.error_message.is_some(), "no errorCode and errorMessage");
        }
        _ => check("refused-login", false, "it was not refused"),
    }
    done("refused-login");

    let unauthorized = Configuration { oauth_access_token: Some("made-up".into()), ..config.clone() };
    match start_connectivity_management_session(&unauthorized, login(&new_password)).await {
        // The variant of entity is chosen by trying one after the other, not by status: here it is Status400.
        Err(Error::ResponseError(refused)) => {
            check("refused-bearer", refused.status == 401, "another status");
            let fault = serde_json::from_str::<GatewayFault>(&refused.content)?.fault.unwrap_or_default();
            let code = fault.code.flatten().unwrap_or_default();
            check("refused-bearer", code == "900901" && fault.message.is_some(), "no code and message");
        }
        _ => check("refused-bearer", false, "it was not refused"),
    }
    done("refused-bearer");

    // The gateway may answer in XML, which fits no model: the status has to come through.
    match start_connectivity_management_session(&config, login(&new_password)).await {
        Err(Error::ResponseError(fault)) => check("xml-fault", fault.status == 401, "another status"),
        _ => check("xml-fault", false, "it was not refused"),
    }
    done("xml-fault");

    // The platform may add members at any time.
    let extended = start_connectivity_management_session(&config, login(&new_password)).await?;
    check("unknown-member", !extended.session_token.is_empty(), "no token");
    done("unknown-member");

    // The connection breaks after the platform has acted: whoever sends it again has lost the password twice.
    let reset = SessionResetPasswordRequest::new(new_password);
    let lost = reset_connectivity_management_password(&config, reset).await;
    check("lost-answer", matches!(lost, Err(Error::Reqwest(_))), "an answer that was lost was not an error");
    done("lost-answer");

    // A redirect to another host must not be followed: the session token would go there too.
    check("redirect", end_connectivity_management_session(&config).await.is_err(), "it was followed");
    done("redirect");

    let ended = end_connectivity_management_session(&config).await?;
    check("logout", ended.session_token == session.session_token, "another session");
    done("logout");

    match end_connectivity_management_session(&config).await {
        Err(Error::ResponseError(refused)) => {
            let Some(EndConnectivityManagementSessionError::Status400(dead)) = refused.entity else {
                return Err("wrong: ended-session: not typed".into());
            };
            check("ended-session", dead.error_code.unwrap_or_default().contains("SessionToken"), "another errorCode");
        }
        _ => check("ended-session", false, "it was not refused"),
    }
    done("ended-session");
    Ok(())
}
