"""A Salesforce org and a Keva on your own machine; imports nothing of the rest of kevasync."""
