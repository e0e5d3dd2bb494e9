"""The database: connections, tables, migrations. Nothing here knows a domain."""
