"""The conversation: vocabulary, engine, flows and phrases."""
