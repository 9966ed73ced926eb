"""Any records of an organization: asked for by SOQL, written one by one."""
