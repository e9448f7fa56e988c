<?php

// Guzzle as Debian packages it, and the generated client. With Composer this is vendor/autoload.php.
require '/usr/share/php/GuzzleHttp/autoload.php';

spl_autoload_register(function (string $class): void {
    $prefix = 'ThingSpace\\Client\\';
    if (str_starts_with($class, $prefix)) {
        require __DIR__ . '/client/lib/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
    }
});
