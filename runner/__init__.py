"""The `almoner` command: start, sync, build, audit, publish, export."""
