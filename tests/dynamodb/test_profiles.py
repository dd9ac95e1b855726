#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The files that the AWS tools share, in every shape: the keys that botocore takes, or a refusal.

Behind the files an instance waits with a role of its own: whoever skips what he can't read gets that
one, and writes into somebody else's table.
"""
import os
import shutil
import tempfile

import kit
from kit import case
from tap import contains, equal, lacks, main, ok, test

dynamodb = kit.Stub(kit.empty_dynamodb)
shop = kit.Shop(sim=False, COMMERCE_DB=None, COMMERCE_TABLE="orders")
work = tempfile.mkdtemp(prefix="ordersnap-profiles-")
INSTANCE = "ASIAINSTANCE"


def instance(request):
    if request.path == "/latest/api/token":
        return 200, b"TOKEN"
    if request.path.endswith("/security-credentials/"):
        return 200, b"role"
    return 200, {"Code": "Success", "AccessKeyId": INSTANCE, "SecretAccessKey": "s", "Token": "t",
                 "Expiration": kit.iso_in(6 * 3600)}


metadata = kit.Stub(instance)
A, B, C = ("aws_access_key_id = AKIA{0}\naws_secret_access_key = secret{0}\n".format(x) for x in "ABC")
PROFILE = {"AWS_PROFILE": "shop"}
REFUSED = None

# what, credentials file, config file, variables, whose keys or REFUSED with parts of the message
FILES = [
    # how keys are written
    ("indented keys", "[default]\n  aws_access_key_id = AKIAA\n  aws_secret_access_key = secretA\n", "", {},
     "AKIAA"),
    ("keys indented by tabs", "[default]\n\taws_access_key_id = AKIAA\n\taws_secret_access_key = s\n", "",
     {}, "AKIAA"),
    ("the first key deeper than the second",
     "[default]\n    aws_access_key_id = AKIAA\n  aws_secret_access_key = secretA\n", "", {}, "AKIAA"),
    ("an indented section with its keys", "  [default]\n  aws_access_key_id=AKIAA\n  aws_secret_access_key=s\n",
     "", {}, "AKIAA"),
    ("keys in upper case", "[default]\n" + A.upper().replace("SECRETA", "secretA"), "", {}, "AKIAA"),
    ("keys in mixed case", "[default]\nAws_Access_Key_Id=AKIAA\nAWS_secret_ACCESS_key=s\n", "", {}, "AKIAA"),
    ("key: value", "[default]\n" + A.replace(" =", ":"), "", {}, "AKIAA"),
    ("key : value", "[default]\n" + A.replace("=", ":"), "", {}, "AKIAA"),
    ("key=value", "[default]\n" + A.replace(" = ", "="), "", {}, "AKIAA"),
    ("a = and a : inside a secret", "[default]\naws_access_key_id=AKIAA\naws_secret_access_key=a=b:c/d+=\n",
     "", {}, "AKIAA"),
    ("Windows' line ends", "[default]\r\n" + A.replace("\n", "\r\n"), "", {}, "AKIAA"),
    ("an old Mac's line ends", "[default]\r" + A.replace("\n", "\r"), "", {}, "AKIAA"),
    ("no line end at the end", "[default]\n" + A.rstrip(), "", {}, "AKIAA"),
    ("comments and empty lines between", "# one\n\n[default]\n; two\n\n" + A.replace("\n", "\n\n  # c\n"), "",
     {}, "AKIAA"),
    ("a comment behind the section", "[default] # my keys\n" + A, "", {}, "AKIAA"),
    ("a comment with ; right behind the section", "[default];x\n" + A, "", {}, "AKIAA"),
    ("other keys, with values in lines of their own",
     "[default]\ns3 =\n  max = 10\n  addressing_style = path\n" + A, "", {}, "AKIAA"),
    ("keys below another key are not the profile's",
     "[default]\ns3 =\n" + "".join("  " + line + "\n" for line in A.splitlines()), "[default]\n" + B, {},
     "AKIAB"),
    ("a value that goes on", "[default]\nnote = one\n  two\n\n  three = 3\n" + A, "", {}, "AKIAA"),
    ("the token under its old name", "[default]\n" + A + "aws_security_token = t\n", "", {}, "AKIAA"),
    # what no tool reads
    ("a second key that is indented", "[default]\naws_access_key_id = AKIAA\n  aws_secret_access_key = s\n",
     "", {}, REFUSED, "aws_access_key_id has to be one word"),
    ("a key whose value stands below it", "[default]\naws_access_key_id =\n  AKIAA\naws_secret_access_key=s\n",
     "", {}, REFUSED, "line 3"),
    ("a byte order mark", "\ufeff[default]\n" + A, "", {}, REFUSED, "byte order mark"),
    ("a byte order mark in the config file", "", "\ufeff[default]\n" + A, {}, REFUSED, "byte order mark"),
    ("a key in front of the first section", A, "", {}, REFUSED, "line 1", "[section]"),
    ("a line that is neither", "[default]\nhello\n" + A, "", {}, REFUSED, "line 2", "KEY = VALUE"),
    ("a line without a key", "[default]\n= x\n" + A, "", {}, REFUSED, "line 2"),
    ("a section twice", "[default]\n" + A + "[x]\n" + B + "[default]\n" + C, "", {}, REFUSED, "line 7",
     "twice"),
    ("a key twice", "[default]\n" + A + "aws_access_key_id = AKIAB\n", "", {}, REFUSED, "line 4", "twice"),
    ("a key twice, once in upper case", "[default]\n" + A + "AWS_ACCESS_KEY_ID = AKIAB\n", "", {}, REFUSED,
     "twice"),
    ("another profile's line that is neither", "[default]\n" + A + "[x]\nhello\n", "", {}, REFUSED, "line 5"),
    ("bytes that are no UTF-8", b"[default]\n# \xff\n" + A.encode(), "", {}, REFUSED, "UTF-8"),
    ("a comment behind a value", "[default]\naws_access_key_id = AKIAA # mine\naws_secret_access_key = s\n",
     "", {}, REFUSED, "aws_access_key_id", "line of its own"),
    ("a key alone", "[default]\naws_access_key_id = AKIAA\n", "", {}, REFUSED, "only one of", "default"),
    ("a secret alone", "[default]\naws_secret_access_key = s\n", "", {}, REFUSED, "only one of"),
    ("a key alone, and keys in the config file", "[default]\naws_access_key_id = AKIAA\n", "[default]\n" + B,
     {}, REFUSED, "only one of"),
    ("an empty key", "[default]\naws_access_key_id =\naws_secret_access_key = s\n", "", {}, REFUSED, "empty"),
    ("the example's key", "[default]\naws_access_key_id = REPLACE_ME\naws_secret_access_key = REPLACE_ME\n",
     "", {}, REFUSED, "example"),
    # which section it is
    ("[profile shop] in the config file", "", "[profile shop]\n" + A, PROFILE, "AKIAA"),
    ("[profile  shop] with more space", "", "[profile \t shop ]\n" + A, PROFILE, "AKIAA"),
    ("[profile \"shop\"]", "", '[profile "shop"]\n' + A, PROFILE, "AKIAA"),
    ("[profile 'shop']", "", "[profile 'shop']\n" + A, PROFILE, "AKIAA"),
    ("[profile sh\"op\"], as a shell reads it", "", '[profile sh"op"]\n' + A, PROFILE, "AKIAA"),
    ("[profile my shop], three words", "", "[profile my shop]\n" + A, {"AWS_PROFILE": "my shop"}, REFUSED,
     "AWS_PROFILE", "my shop"),
    ("[profile my\\ shop]", "", "[profile my\\ shop]\n" + A, {"AWS_PROFILE": "my shop"}, "AKIAA"),
    ("[my shop] in the credentials file", "[my shop]\n" + A, "", {"AWS_PROFILE": "my shop"}, "AKIAA"),
    ("[\"shop\"] in the credentials file has the quotes in its name", '["shop"]\n' + A, "", PROFILE, REFUSED,
     "AWS_PROFILE", "shop"),
    ("[ shop ] in the credentials file has the spaces in its name", "[ shop ]\n" + A, "", PROFILE, REFUSED,
     "shop"),
    ("[profile shop] in the credentials file", "[profile shop]\n" + A, "", PROFILE, REFUSED, "shop"),
    ("[Shop] is not shop", "[Shop]\n" + A, "", PROFILE, REFUSED, "shop"),
    ("[profile \"shop], not closed", "", '[profile "shop]\n' + A, PROFILE, REFUSED, "shop"),
    ("[profile default] and [default]: the last one", "", "[profile default]\n" + A + "[default]\n" + B, {},
     "AKIAB"),
    ("[default] and [profile default]: the last one", "", "[default]\n" + A + "[profile default]\n" + B, {},
     "AKIAB"),
    ("[DEFAULT] is what others inherit", "[DEFAULT]\n" + A + "[default]\nregion = x\n", "", {}, "AKIAA"),
    ("[DEFAULT] alone is no profile", "[DEFAULT]\n" + A, "", PROFILE, REFUSED, "shop"),
    ("AWS_DEFAULT_PROFILE", "[default]\n" + A + "[shop]\n" + B, "", {"AWS_DEFAULT_PROFILE": "shop"}, "AKIAB"),
    ("AWS_DEFAULT_PROFILE that is not there", "[default]\n" + A, "", {"AWS_DEFAULT_PROFILE": "gone"}, REFUSED,
     "AWS_DEFAULT_PROFILE", "gone"),
    ("a profile that is not there", "[default]\n" + A, "[default]\n" + B, PROFILE, REFUSED, "AWS_PROFILE",
     '\\"shop\\"'),
    # what a profile wants that ordersnap does not do
    ("role_arn and source_profile", "[base]\n" + A,
     "[profile shop]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = base\n", PROFILE, REFUSED, "role_arn",
     "shop", "access key"),
    ("role_arn beside keys", "[shop]\n" + A,
     "[profile shop]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = shop\n", PROFILE, REFUSED, "role_arn"),
    ("ROLE_ARN : in the credentials file", "[default]\n" + A + "ROLE_ARN : arn\nsource_profile=default\n", "",
     {}, REFUSED, "role_arn"),
    ("role_arn and credential_source", "",
     "[default]\nrole_arn = arn:aws:iam::1:role/x\ncredential_source = Ec2InstanceMetadata\n", {}, REFUSED,
     "role_arn"),
    ("a sign-on", "", "[profile shop]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n"
     "[sso-session s]\nsso_region = x\nsso_start_url = https://x.awsapps.com/start\n", PROFILE, REFUSED, "sso_",
     "shop"),
    ("an older sign-on", "", "[default]\nsso_start_url = https://x\nsso_region = x\nsso_account_id = 1\n"
     "sso_role_name = r\n", {}, REFUSED, "sso_", "default"),
    ("a program", "", "[default]\ncredential_process = /bin/false\n", {}, REFUSED, "credential_process"),
    ("a program before the config file's keys", "", "[default]\ncredential_process = /bin/false\n" + A, {},
     REFUSED, "credential_process"),
    ("the credentials file's keys before a program", "[default]\n" + A,
     "[default]\ncredential_process = /bin/false\n", {}, "AKIAA"),
    ("a web identity in the profile", "[default]\n" + A,
     "[default]\nrole_arn = arn\nweb_identity_token_file = /nowhere\n", {}, REFUSED, "role_arn"),
    ("a web identity in the environment", "[default]\n" + A, "",
     {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x"}, REFUSED,
     "AWS_WEB_IDENTITY_TOKEN_FILE"),
    ("a role in the environment", "", "", {"AWS_ROLE_ARN": "arn:aws:iam::1:role/x"}, REFUSED, "AWS_ROLE_ARN"),
    ("the environment's keys before a web identity", "", "",
     {"AWS_ACCESS_KEY_ID": "AKIAA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
      "AWS_ROLE_ARN": "arn:aws:iam::1:role/x"}, "AKIAA"),
    ("a container's token file that is not there", "", "",
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI": metadata.base + "/c",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nowhere/token"}, REFUSED,
     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nowhere/token"),
    ("another profile's role is none of ours", "[default]\n" + A,
     "[profile other]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n", {}, "AKIAA"),
    # and where there is nothing, the instance
    ("no files", "", "", {}, INSTANCE),
    ("a profile with a region alone", "", "[profile shop]\nregion = eu-west-3\n", PROFILE, INSTANCE),
    ("files of comments", "# nothing\n", "; nothing\n", {}, INSTANCE),
    ("keys of another profile", "[other]\n" + A, "", {}, INSTANCE),
    ("a [shop] in the config file is no profile", "", "[shop]\n" + A + "[profile shop]\nregion = x\n", PROFILE,
     INSTANCE),
]
# Files that botocore reads past: its keys may be ours, or somebody else's, so that ordersnap refuses.
STRICTER = {"a comment behind a value", "a secret alone", "an empty key", "the example's key",
            "a second key that is indented", "a role in the environment",
            "a container's token file that is not there"}


def settings_of(number):
    _, credentials, config, given, *_ = FILES[number]
    folder = os.path.join(work, str(number))
    os.makedirs(folder, exist_ok=True)
    paths = {}
    for variable, text in (("AWS_SHARED_CREDENTIALS_FILE", credentials), ("AWS_CONFIG_FILE", config)):
        paths[variable] = os.path.join(folder, variable)
        with open(paths[variable], "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
    return {"HOME": folder, "AWS_REGION": kit.REGION, "AWS_ENDPOINT_URL_DYNAMODB": dynamodb.base,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.base, **paths, **given}


for number, (what, _, _, _, want, *parts) in enumerate(FILES):
    @case(f"{what}: {want or 'refused'}")
    def _(number=number, want=want, parts=parts):
        dynamodb.taken()
        metadata.taken()
        health = kit.health(shop, **settings_of(number))
        signed = [request.scope[0] for request in dynamodb.taken()]
        lacks(health.log, "secretA")
        if want:
            equal(signed, [want], health.log)
            equal(bool(metadata.taken()), want == INSTANCE, "the instance is asked")
            return
        equal(signed, [], health.log)
        equal(metadata.taken(), [], "the instance is not asked")
        equal(health.status, 503)
        for part in ("no AWS credentials", *parts):
            contains(health.log, part)


@test
def _():
    "botocore takes the same keys, and refuses what is refused"
    values = [{"LC_ALL": "C.UTF-8", **settings_of(n)} for n in range(len(FILES))]
    found = [got and got[0] for got in kit.ask_botocore(kit.BOTOCORE_CREDENTIALS, values)]
    differ = [(what, got, want) for (what, _, _, _, want, *_), got in zip(FILES, found)
              if got != want and what not in STRICTER]
    equal(differ, [], "(what, botocore's, ours)")


@test
def _():
    "a file that may not be read is refused, not skipped"
    settings = settings_of(0)
    os.chmod(settings["AWS_SHARED_CREDENTIALS_FILE"], 0)
    if os.geteuid() == 0:  # root may read any file; this one can't be read from its beginning
        settings["AWS_SHARED_CREDENTIALS_FILE"] = "/proc/self/mem"
    metadata.taken()
    health = kit.health(shop, **settings)
    contains(health.log, "can't read")
    equal(metadata.taken(), [])


def cleanup():
    for stub in (dynamodb, metadata):
        stub.close()
    shop.close()
    shutil.rmtree(work, ignore_errors=True)


ok(len({what for what, *_ in FILES}) == len(FILES), "each case has a name of its own")
main(cleanup)
