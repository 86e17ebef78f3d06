"""The Salesforce side: session, describe, query, load, bulk, failures."""
