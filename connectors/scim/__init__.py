"""SCIM 2.0 (RFC 7643 and 7644): people and groups from a directory."""
