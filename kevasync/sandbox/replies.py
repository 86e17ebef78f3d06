"""JSON as Salesforce sends it, with its charset spelt out."""

from starlette.responses import JSONResponse


class SalesforceJson(JSONResponse):
    """A JSON answer under Salesforce's content type."""

    media_type = "application/json;charset=UTF-8"
