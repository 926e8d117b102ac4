-- Make the server notice within two minutes that the machine at the other end is gone, so that its locks are freed,
-- and never close the session for being quiet during a long upload. Of this session only; rerunning is harmless.
SELECT set_config('tcp_keepalives_idle', '60', false), set_config('tcp_keepalives_interval', '10', false),
       set_config('tcp_keepalives_count', '6', false), set_config('idle_session_timeout', '0', false)
