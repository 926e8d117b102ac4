-- Make the server notice within two minutes that the client's machine is down, so that its locks are freed, and
-- never close the session for being idle during a long upload. For this session only; a rerun is harmless.
SELECT set_config('tcp_keepalives_idle', '60', false), set_config('tcp_keepalives_interval', '10', false),
       set_config('tcp_keepalives_count', '6', false), set_config('idle_session_timeout', '0', false)
