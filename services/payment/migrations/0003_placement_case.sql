-- The placements of a person, for who reads the audit trail.
CREATE INDEX placement_case ON placement (case_key);
