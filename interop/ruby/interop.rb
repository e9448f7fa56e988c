# Every step is one line on standard output; the first that goes wrong ends the program with status 1.

require 'json'
require 'net/http'
require 'thingspace_client'

def check(step, good, reason)
  abort "wrong: #{step}: #{reason}" unless good
end

def done(step)
  puts "ok: #{step}"
end

# The generated client leaves the body of an error as text.
def typed(error, model)
  model.build_from_hash(JSON.parse(error.response_body, symbolize_names: true))
end

base_url = URI(ENV.fetch('THINGSPACE_BASE_URL'))
username = ENV.fetch('THINGSPACE_USERNAME')
old_password = ENV.fetch('THINGSPACE_PASSWORD')

# libcurl sends a request again on a fresh connection when a kept one breaks without an answer, and the
# generated client follows redirects with the session token.
Typhoeus.before { |request| request.options.update(forbid_reuse: true, followlocation: false) }

config = ThingspaceClient::Configuration.new do |c|
  c.scheme = base_url.scheme
  c.host = "#{base_url.host}:#{base_url.port}"
  c.base_path = base_url.path
  c.server_index = nil
end
api_client = ThingspaceClient::ApiClient.new(config)
api = ThingspaceClient::SessionManagementApi.new(api_client)

request = Net::HTTP::Post.new(URI("#{base_url}/ts/v1/oauth2/token"))
request.basic_auth(ENV.fetch('THINGSPACE_APP_KEY'), ENV.fetch('THINGSPACE_APP_SECRET'))
request.set_form_data(grant_type: 'client_credentials')
granted = Net::HTTP.start(base_url.host, base_url.port, use_ssl: base_url.scheme == 'https') { |http| http.request(request) }
check('bearer', granted.code == '200', "status #{granted.code}")
config.access_token = JSON.parse(granted.body).fetch('access_token')
done('bearer')

login = lambda do |password|
  request = ThingspaceClient::LogInRequest.new(username: username, password: password)
  api.start_connectivity_management_session(log_in_request: request)
end

session_token = login.call(old_password).session_token
config.api_key['VZ-M2M-Token'] = session_token
done('login')

account, = api_client.call_api(:GET, '/m2m/v1/accounts/0000123456-00001', auth_names: %w[oauth session], return_type: 'Object')
check('resource', account[:accountName] == '0000123456-00001', 'another account')
done('resource')

reset = ThingspaceClient::SessionResetPasswordRequest.new(old_password: old_password)
new_password = api.reset_connectivity_management_password(reset).new_password
check('reset', !new_password.empty? && new_password != old_password, 'no new password')
done('reset')

session_token = login.call(new_password).session_token
config.api_key['VZ-M2M-Token'] = session_token
done('new-password')

begin
  login.call(old_password)
  check('refused-login', false, 'it was accepted')
rescue ThingspaceClient::ApiError => e
  refusal = typed(e, ThingspaceClient::ConnectivityManagementResult)
  check('refused-login', e.code == 400 && refusal.error_code.include?('Password') && refusal.error_message, 'no errorCode and errorMessage')
end
done('refused-login')

good = config.access_token
config.access_token = 'made-up'
begin
  login.call(new_password)
  check('refused-bearer', false, 'it was accepted')
rescue ThingspaceClient::ApiError => e
  fault = typed(e, ThingspaceClient::GatewayFault).fault
  check('refused-bearer', e.code == 401 && fault.code.to_s == '900901' && fault.message, 'no code and message')
end
config.access_token = good
done('refused-bearer')

# The gateway may answer in XML, which fits no model: the status has to come through.
begin
  login.call(new_password)
  check('xml-fault', false, 'it was accepted')
rescue ThingspaceClient::ApiError => e
  check('xml-fault', e.code == 401, "status #{e.code}")
end
done('xml-fault')

# The platform may add members at any time.
check('unknown-member', login.call(new_password).session_token, 'no token')
done('unknown-member')

# The connection breaks after the platform has acted: whoever sends it again has lost the password twice.
begin
  api.reset_connectivity_management_password(ThingspaceClient::SessionResetPasswordRequest.new(old_password: new_password))
  check('lost-answer', false, 'an answer that was lost was not an error')
rescue ThingspaceClient::ApiError => e
  check('lost-answer', e.code.zero?, "status #{e.code}")
end
done('lost-answer')

# A redirect to another host must not be followed: the session token would go there too.
begin
  api.end_connectivity_management_session
  check('redirect', false, 'it was followed')
rescue ThingspaceClient::ApiError => e
  check('redirect', e.code == 307, "status #{e.code}")
end
done('redirect')

check('logout', api.end_connectivity_management_session.session_token == session_token, 'another session')
done('logout')

begin
  api.end_connectivity_management_session
  check('ended-session', false, 'it was accepted')
rescue ThingspaceClient::ApiError => e
  check('ended-session', typed(e, ThingspaceClient::ConnectivityManagementResult).error_code.include?('SessionToken'), 'another errorCode')
end
done('ended-session')
