"""Everything StepLens stores: schema, engine, and the queries that pages and jobs call."""
