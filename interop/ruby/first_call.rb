require 'json'
require 'net/http'
require 'thingspace_client'

Typhoeus.before { |request| request.options.update(forbid_reuse: true, followlocation: false) } # send once, here
base = URI(ENV.fetch('THINGSPACE_BASE_URL'))
config = ThingspaceClient::Configuration.new
config.scheme, config.host, config.base_path, config.server_index = base.scheme, base.authority, base.path, nil
grant = Net::HTTP::Post.new(URI("#{base}/ts/v1/oauth2/token"))
grant.basic_auth(ENV.fetch('THINGSPACE_APP_KEY'), ENV.fetch('THINGSPACE_APP_SECRET'))
grant.set_form_data(grant_type: 'client_credentials')
granted = Net::HTTP.start(base.host, base.port, use_ssl: base.scheme == 'https') { |http| http.request(grant) }
config.access_token = JSON.parse(granted.body).fetch('access_token')

client = ThingspaceClient::ApiClient.new(config)
login = ThingspaceClient::LogInRequest.new(username: ENV.fetch('THINGSPACE_USERNAME'), password: ENV.fetch('THINGSPACE_PASSWORD'))
session = ThingspaceClient::SessionManagementApi.new(client).start_connectivity_management_session(log_in_request: login)
config.api_key['VZ-M2M-Token'] = session.session_token
puts client.call_api(:GET, '/m2m/v1/accounts/0000123456-00001', auth_names: %w[oauth session], return_type: 'Object').first
