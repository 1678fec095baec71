//! Journeys across the services, faults, architecture and load.
