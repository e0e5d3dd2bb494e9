"""What starts pipelines from outside: webhooks, the clock, pushes seen here, reports of others."""
