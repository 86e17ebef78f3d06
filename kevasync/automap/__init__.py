"""Which Salesforce field a column belongs in: candidates with calibrated confidence and the evidence for each."""
