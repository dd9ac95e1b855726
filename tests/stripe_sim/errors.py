# SPDX-License-Identifier: ISC
"""The three ways to refuse: Stripe's error, which has a status and a body; a declined card, which
the page shows; a wrong call of the control API."""

class StripeError(Exception):
    """An error in Stripe's shape; `headers` go out with it."""

    def __init__(self, status, message, param=None, code=None, type="invalid_request_error",
                 headers=()):
        super().__init__(message)
        self.status, self.message, self.param = status, message, param
        self.code, self.type, self.headers = code, type, dict(headers)

    def body(self, request_id):
        error = {"code": self.code, "message": self.message, "param": self.param,
                 "request_log_url": f"https://dashboard.stripe.com/test/logs/{request_id}",
                 "type": self.type}
        if self.code:
            error["doc_url"] = "https://stripe.com/docs/error-codes/" + self.code.replace("_", "-")
        return {"error": {name: error[name] for name in sorted(error) if error[name] is not None}}


class Declined(Exception):
    """The buyer's card was refused: a code and the sentence that the page shows."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message


class ControlError(Exception):
    """A wrong call of the control API; the text is the answer."""

    def __init__(self, message, status=400):
        super().__init__(message)
        self.status = status


def refuse(message, param=None, code=None):
    return StripeError(400, message, param, code)


def no_such(kind, id, param, status=404):
    return StripeError(status, f"No such {kind}: '{id}'", param, "resource_missing")


def missing(param):
    return refuse(f"Missing required param: {param}.", param, "parameter_missing")


def unknown_parameter(*params):
    several = "s" if len(params) > 1 else ""
    return refuse(f"Received unknown parameter{several}: {', '.join(params)}", params[0],
                  "parameter_unknown")
