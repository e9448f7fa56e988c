<?php

$answer = file_get_contents(getenv('THINGSPACE_PROXY_URL') . '/m2m/v1/accounts/0000123456-00001');
echo $answer === false ? exit(1) : $answer, "\n";
