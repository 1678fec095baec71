//! What every service stands on: clock, configuration, database, feed, RPC, callers, telemetry, shutdown.
