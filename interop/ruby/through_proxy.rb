require 'open-uri'

puts URI("#{ENV.fetch('THINGSPACE_PROXY_URL')}/m2m/v1/accounts/0000123456-00001").read
