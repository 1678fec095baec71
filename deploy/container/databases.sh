#!/usr/bin/env bash
# Makes the three databases where they are not there, and gives their roles what they may do. As the administrator that
# PGHOST, PGUSER and so on name; run before the migrations and again after them.
set -euo pipefail
roles=${ROLES:-/deploy/roles.sql}
name=${NAME:-niva}
for part in assessment choice payment; do
  if [ "$(psql -X -At -d postgres -c "SELECT 1 FROM pg_database WHERE datname = '${name}_$part'")" != 1 ]; then
    psql -X -q -v ON_ERROR_STOP=1 -d postgres -c "CREATE DATABASE ${name}_$part ENCODING 'UTF8' TEMPLATE template0"
  fi
  psql -X -d "${name}_$part" -f "$roles"
done
# Not in an argument: those are seen by every process of the machine.
if [ -n "${NIVA_MIGRATE_PASSWORD:-}" ]; then
  psql -X -q -v ON_ERROR_STOP=1 -d postgres <<'SQL'
\getenv migrate NIVA_MIGRATE_PASSWORD
\getenv serve NIVA_SERVE_PASSWORD
ALTER ROLE niva_migrate PASSWORD :'migrate';
ALTER ROLE niva_serve PASSWORD :'serve';
SQL
fi
