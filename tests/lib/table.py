# SPDX-License-Identifier: ISC
"""A DynamoDB table in memory, as far as ordersnap uses one: what a test does not need DynamoDB Local
for.  Its items are the wire's own, so that a test can put one there that no program would write.
"""
import json
import threading

from server import Handler, Server

ADOPTED = {"PK": {"S": "SYSTEM"}, "SK": {"S": "ADOPTED"}, "version": {"N": "1"}}
NAME = "orders"


def key_of(item):
    return item["PK"]["S"], item["SK"]["S"]


class Table(Server):
    """Serves the table at `base`.  A fault is (operation, when, speak): in place of the answer to it
    `speak` has the connection, "before" the operation is done or "after" it."""

    def __init__(self, certificate=None):
        self.lock, self.raw, self.tokens, self.fault = threading.Lock(), {}, set(), None
        self.asked = 0
        self.put(ADOPTED)
        super().__init__(_Call, certificate=certificate)

    def settings(self, base=None):
        return {"COMMERCE_DB": None, "COMMERCE_TABLE": NAME, "AWS_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
                "AWS_ENDPOINT_URL_DYNAMODB": base or self.base}

    def put(self, item):
        self.raw[key_of(item)] = item

    def holds(self, of):
        """Whether the condition of an action holds."""
        condition, values = of.get("ConditionExpression"), of.get("ExpressionAttributeValues", {})
        item = self.raw.get(key_of(of.get("Item") or of["Key"]))
        if condition is None:
            return True
        if condition.startswith("attribute_not_exists(PK)"):
            expires = item and item.get("expiresAt", {}).get("N")
            return item is None or ":now" in values and expires and int(expires) <= int(values[":now"]["N"])
        if condition == "#v = :v":
            return item is not None and item.get("version") == values[":v"]
        # attribute_exists(PK) AND (attribute_not_exists(#v) OR #v = :v OR NOT attribute_type(#v, :n))
        return item is not None and item.get("version", {}).get("N", "0") == "0"

    def call(self, operation, request):
        """(status, answer)"""
        with self.lock:
            return getattr(self, "do_" + operation)(request)

    def do_GetItem(self, request):
        item = self.raw.get(key_of(request["Key"]))
        return 200, {"Item": item} if item else {}

    def do_BatchGetItem(self, request):
        keys = [key_of(key) for key in request["RequestItems"][NAME]["Keys"]]
        return 200, {"Responses": {NAME: [self.raw[key] for key in keys if key in self.raw]}, "UnprocessedKeys": {}}

    def do_Query(self, request):
        values, condition = request["ExpressionAttributeValues"], request["KeyConditionExpression"]
        sk, place = (values.get(name, {}).get("S") for name in (":sk", ":place"))
        found = [key for key in self.raw if key[0] == values[":pk"]["S"]
                 and (place is None or key[1] < place) and (sk is None or key[1].startswith(sk) or
                                                            "BETWEEN" in condition and key[1] >= sk)]
        found = sorted(found, reverse=True)[:request["Limit"]]
        return 200, {"Items": [self.raw[key] for key in found]}

    def do_Scan(self, request):
        place = request.get("ExclusiveStartKey")
        found = sorted(key for key in self.raw if not place or key > key_of(place))
        page = found[:request["Limit"]]
        more = {"LastEvaluatedKey": {"PK": {"S": page[-1][0]}, "SK": {"S": page[-1][1]}}} if page != found else {}
        return 200, {"Items": [self.raw[key] for key in page], **more}

    def do_TransactWriteItems(self, request):
        if request["ClientRequestToken"] in self.tokens:
            return 200, {}
        actions = [(kind, of) for action in request["TransactItems"] for kind, of in action.items()]
        held = [self.holds(of) for _, of in actions]
        if not all(held):
            return 400, {"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                         "Message": "Transaction cancelled", "CancellationReasons": [
                             {"Code": "None" if well else "ConditionalCheckFailed"} for well in held]}
        for kind, of in actions:
            if kind == "Put":
                self.put(of["Item"])
            elif kind == "Delete":
                self.raw.pop(key_of(of["Key"]), None)
        self.tokens.add(request["ClientRequestToken"])
        return 200, {}


class _Call(Handler):
    def do_POST(self):
        operation, request = self.headers["X-Amz-Target"].split(".")[-1], json.loads(self.body())
        fault, self.server.asked = self.server.fault, self.server.asked + 1
        strikes = fault and fault[0] == operation
        answer = None if strikes and fault[1] == "before" else self.server.call(operation, request)
        if strikes:
            self.close_connection = True
            self.connection.settimeout(20)
            fault[2](self.connection)
        else:
            self.give(*answer)
