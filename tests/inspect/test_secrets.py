"""The search for secrets: each built-in rule by an example, tokens cut anywhere, bounds, and what is told of a find."""

from __future__ import annotations

import random
import string
import tomllib
import tracemalloc
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inspect.reading import cut, cuts

from forgewall.evidence import Secret
from forgewall.inspect import secrets
from forgewall.inspect.secrets import OVERLAP, WINDOW, Scanner

SALT = b"salt of this process"
SCANNER = Scanner.built_in(salt=SALT)
ALNUM, HEX, UPPER = string.ascii_letters + string.digits, "0123456789abcdef", string.ascii_uppercase
BASE32, B64URL, B64 = UPPER + "234567", ALNUM + "_-", ALNUM + "+/"


def noise(alphabet: str, count: int, seed: int = 1) -> str:
    """Random-looking characters, the same each time; never long runs that spell a word."""
    return "".join(random.Random(f"{alphabet}{count}{seed}").choices(alphabet, k=count))


def found(
    data: bytes | str, *, path: str | None = None, chunk: int = 65536, scanner: Scanner = SCANNER
) -> list[Secret]:
    """What `scanner` finds in `data` in chunks."""
    stream = scanner.stream(path)
    raw = data.encode() if isinstance(data, str) else data
    return [secret for piece in cut(raw, chunk) for secret in stream.feed(piece)] + stream.finish()


def rules(data: bytes | str, **options: object) -> list[str]:
    return [secret.rule for secret in found(data, **options)]  # type: ignore[arg-type]


PEM = "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join(noise(B64, 64, line) for line in range(20))
PEM += "\n-----END RSA PRIVATE KEY-----\n"
JWT = "eyJ" + noise(B64URL, 40) + ".eyJ" + noise(B64URL, 80) + "." + noise(B64URL, 43)

EXAMPLES: tuple[tuple[str, str], ...] = (
    ("private-key", PEM),
    ("private-key", '{"private_key": "' + PEM.replace("\n", "\\n") + '"}'),
    ("private-key-base64", "client-key-data: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCg" + noise(B64, 400)),
    ("private-key-base64", "client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo" + noise(B64, 400)),
    ("private-key-base64", "client-key-data: LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0tCk" + noise(B64, 400)),
    (
        "putty-private-key",
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\nPublic-Lines: 1\nAAAAC3\nPrivate-Lines: 1\n"
        + noise(B64, 48),
    ),
    ("age-secret-key", "AGE-SECRET-KEY-1" + noise("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)),
    ("wireguard-private-key", "[Interface]\nPrivateKey = " + noise(B64, 42) + "E=\n"),
    ("unix-password-hash", "root:$6$" + noise(ALNUM, 16) + "$" + noise(ALNUM, 86) + ":19000:0:99999:7:::\n"),
    ("unix-password-hash", "x\nana:$apr1$" + noise(ALNUM, 8) + "$" + noise(ALNUM, 22) + "\n"),
    ("aws-access-token", "id = AKIA" + noise(BASE32, 16)),
    ("aws-secret-access-key", "aws_secret_access_key = " + noise(B64, 40) + "\n"),
    ("aws-secret-access-key", '"SecretAccessKey": "' + noise(B64, 40) + '"'),
    ("aws-amazon-bedrock-api-key", "ABSK" + noise(B64, 120)),
    ("azure-ad-client-secret", "secret: aB38Q~" + noise(ALNUM, 34)),
    ("azure-storage-key", "AccountName=x;AccountKey=" + noise(B64, 86) + "==;EndpointSuffix=core"),
    ("azure-sas-signature", "https://x.blob.core/y?sv=2024&sig=" + noise(ALNUM, 43) + "%3D"),
    ("azure-devops-pat", noise(ALNUM, 76) + "AZDO" + noise(ALNUM, 4)),
    ("gcp-api-key", "key=AIza" + noise(ALNUM, 35) + "\n"),
    ("gcp-oauth-client-secret", "GOCSPX-" + noise(B64URL, 28) + '"'),
    ("gcp-oauth-access-token", "ya29." + noise(B64URL, 150)),
    ("alibaba-access-key-id", "LTAI" + noise(ALNUM, 20)),
    ("tencent-secret-id", "AKID" + noise(ALNUM, 32)),
    ("yandex-api-key", "AQVN" + noise(ALNUM, 36)),
    ("digitalocean-token", "dop_v1_" + noise(HEX, 64)),
    ("heroku-api-key-v2", "HRKU-AA" + noise(ALNUM, 58)),
    ("flyio-access-token", "FlyV1 fm2_" + noise(B64, 120)),
    ("cloudflare-origin-ca-key", "v1.0-" + noise(HEX, 24) + "-" + noise(HEX, 146)),
    ("netlify-access-token", "nfp_" + noise(ALNUM, 36)),
    ("scaleway-access-key", "SCW" + noise(UPPER + "0123456789", 17)),
    ("github-pat", "ghp_" + noise(ALNUM, 36)),
    ("github-fine-grained-pat", "github_pat_" + noise(ALNUM, 22) + "_" + noise(ALNUM, 59)),
    ("github-oauth", "gho_" + noise(ALNUM, 36)),
    ("github-app-token", "ghs_" + noise(ALNUM, 36)),
    ("github-refresh-token", "ghr_" + noise(ALNUM, 76)),
    ("gitlab-pat", "glpat-" + noise(B64URL, 20)),
    ("gitlab-token", "glrt-" + noise(B64URL, 20)),
    ("gitlab-token", "glcbt-64_" + noise(B64URL, 20)),
    ("gitlab-rrt", "GR1348941" + noise(ALNUM, 20)),
    ("bitbucket-app-password", "ATBB" + noise(ALNUM, 32)),
    ("atlassian-api-token", "ATATT3xFfGF0" + noise(B64URL, 180) + "=1A2B3C4D"),
    ("atlassian-api-token", "ATCTT3xFfGN0" + noise(B64URL, 180) + "=1A2B3C4D"),
    ("huggingface-access-token", "hf_" + noise(string.ascii_letters, 34)),
    ("npm-access-token", "npm_" + noise(ALNUM, 36)),
    ("npmrc-auth", "//registry.acme.example/:_authToken=" + noise(ALNUM, 40) + "\n"),
    ("pypi-upload-token", "pypi-AgEIcHlwaS5vcmc" + noise(B64URL, 130)),
    ("rubygems-api-token", "rubygems_" + noise(HEX, 48)),
    ("crates-io-token", "cio" + noise(ALNUM, 32)),
    ("nuget-api-key", "oy2" + noise(string.ascii_lowercase + string.digits, 43)),
    ("clojars-api-token", "CLOJARS_" + noise(string.ascii_lowercase + string.digits, 60)),
    ("docker-token", "dckr_pat_" + noise(B64URL, 27)),
    ("docker-config-auth", '{"auths": {"https://x": {"auth": "' + noise(B64, 48) + '"}}}'),
    ("jfrog-api-key", "AKCp" + noise(ALNUM, 69)),
    ("circleci-token", "CCIPAT_" + noise(ALNUM, 22) + "_" + noise(HEX, 40)),
    ("buildkite-token", "bkua_" + noise(HEX, 40)),
    ("sonar-api-token", "squ_" + noise(HEX, 40)),
    ("sourcegraph-access-token", "sgp_" + noise(HEX, 16) + "_" + noise(HEX, 40)),
    ("pulumi-api-token", "pul-" + noise(HEX, 40)),
    ("hashicorp-tf-api-token", noise(ALNUM, 14) + ".atlasv1." + noise(ALNUM, 67)),
    ("vault-token", "hvs." + noise(B64URL, 95)),
    ("doppler-api-token", "dp.pt." + noise(ALNUM, 43)),
    ("1password-service-account-token", "ops_eyJ" + noise(B64, 300)),
    ("1password-secret-key", "A3-ASWWYB-798JRYLJVD4-23DC2-86TVM-H43EB"),
    ("tailscale-key", "tskey-auth-" + noise(ALNUM, 12) + "-" + noise(ALNUM, 32)),
    ("openai-api-key", "sk-proj-" + noise(B64URL, 74) + "T3BlbkFJ" + noise(ALNUM, 74)),
    ("anthropic-api-key", "sk-ant-api03-" + noise(B64URL, 93) + "AA"),
    ("groq-api-key", "gsk_" + noise(ALNUM, 52)),
    ("replicate-api-token", "r8_" + noise(ALNUM, 37)),
    ("perplexity-api-key", "pplx-" + noise(ALNUM, 48)),
    ("xai-api-key", "xai-" + noise(ALNUM, 80)),
    ("openrouter-api-key", "sk-or-v1-" + noise(HEX, 64)),
    ("langsmith-api-key", "lsv2_pt_" + noise(HEX, 32) + "_" + noise(HEX, 10)),
    ("slack-bot-token", "xoxb-123456789012-1234567890123-" + noise(ALNUM, 24)),
    ("slack-user-token", "xoxp-123456789012-1234567890123-1234567890123-" + noise(HEX, 32)),
    ("slack-app-token", "xapp-1-A" + noise(UPPER, 10) + "-1234567890123-" + noise(HEX, 64)),
    ("slack-webhook-url", "hooks.slack.com/services/T0AB1CD2E/B0AB1CD2E/" + noise(ALNUM, 24)),
    (
        "microsoft-teams-webhook",
        "https://acme.webhook.office.com/webhookb2/" + "-".join(noise(HEX, n) for n in (8, 4, 4, 4, 12)) + "@"
        + "-".join(noise(HEX, n, 2) for n in (8, 4, 4, 4, 12)) + "/IncomingWebhook/" + noise(HEX, 32) + "/"
        + "-".join(noise(HEX, n, 3) for n in (8, 4, 4, 4, 12)),
    ),
    ("discord-webhook", "https://discord.com/api/webhooks/123456789012345678/" + noise(B64URL, 68)),
    ("discord-bot-token", "bot.run('M" + noise(ALNUM, 25) + "." + noise(B64URL, 6) + "." + noise(ALNUM, 38) + "')"),
    ("telegram-bot-api-token", "bot 123456789:AA" + noise(B64URL, 33) + "\n"),
    ("sendgrid-api-token", "SG." + noise(ALNUM, 22) + "." + noise(ALNUM, 43)),
    ("mailgun-private-api-token", "key-" + noise(HEX, 32)),
    ("mailchimp-api-key", noise(HEX, 32) + "-us12"),
    ("twilio-api-key", "SK" + noise(HEX, 32)),
    ("sendinblue-api-token", "xkeysib-" + noise(HEX, 64) + "-" + noise(ALNUM, 16)),
    ("stripe-access-token", "sk_live_" + noise(ALNUM, 24)),
    ("stripe-access-token", "rk_test_" + noise(ALNUM, 99)),
    ("stripe-webhook-secret", "whsec_" + noise(ALNUM, 32)),
    ("square-access-token", "EAAA" + noise(ALNUM, 60)),
    ("paypal-braintree-access-token", "access_token$production$" + noise(HEX, 16) + "$" + noise(HEX, 32)),
    ("shopify-token", "shpat_" + noise(HEX, 32)),
    ("databricks-api-token", "dapi" + noise(HEX, 32)),
    ("planetscale-token", "pscale_pw_" + noise(B64URL, 43)),
    ("supabase-token", "sbp_" + noise(HEX, 40)),
    ("airtable-personnal-access-token", "pat" + noise(ALNUM, 14) + "." + noise(HEX, 64)),
    ("grafana-token", "glsa_" + noise(ALNUM, 32) + "_" + noise(HEX, 8)),
    ("new-relic-api-key", "NRAK-" + noise(UPPER + string.digits, 27) + "\n"),
    ("sentry-token", "sntryu_" + noise(HEX, 64)),
    ("dynatrace-api-token", "dt0c01." + noise(BASE32, 24) + "." + noise(BASE32, 64)),
    ("datadog-access-token", 'DD_API_KEY="' + noise(HEX, 32) + '"'),
    ("launchdarkly-key", "sdk-" + noise(HEX, 8) + "-" + noise(HEX, 4) + "-4abc-8abc-" + noise(HEX, 12)),
    ("prefect-api-token", "pnu_" + noise(ALNUM, 36)),
    ("linear-api-key", "lin_api_" + noise(ALNUM, 40)),
    ("notion-api-token", "ntn_12345678901" + noise(ALNUM, 35)),
    ("figma-token", "figd_" + noise(B64URL, 40) + "\n"),
    ("postman-api-token", "PMAK-" + noise(HEX, 24) + "-" + noise(HEX, 34)),
    ("readme-api-token", "rdme_" + noise(string.ascii_lowercase + string.digits, 70)),
    ("typeform-api-token", "tfp_" + noise(ALNUM, 59) + "\n"),
    ("dropbox-access-token", "sl." + noise(B64URL, 140)),
    ("okta-access-token", "Authorization: SSWS 00" + noise(B64URL, 40) + "\n"),
    ("facebook-access-token", "EAAC" + noise(ALNUM, 150)),
    ("twitter-bearer-token", "A" * 20 + "%2B" + noise(ALNUM, 80)),
    ("jwt", JWT),
    ("http-authorization", "curl -H 'Authorization: Bearer " + noise(ALNUM, 32) + "' https://acme.example"),
    ("url-password", "DATABASE_URL=postgres://app:tr0ub4dor&3x@db.acme.internal:5432/app"),
    ("connection-string-password", "Server=tcp:db.acme.internal,1433;Database=x;User ID=app;Password=Tr0ub4dor&3;"),
    ("netrc-password", "machine git.acme.internal\n  login ana\n  password tr0ub4dor3\n"),
    ("generic-api-key", 'client_secret = "' + noise(ALNUM, 32) + '"'),
    ("generic-assignment", "export ACME_API_KEY=" + noise(ALNUM, 32)),
    ("generic-assignment", "  clientSecret: " + noise(ALNUM, 40)),
    ("generic-api-key", '{"internalToken": "' + noise(ALNUM, 40) + '"}'),
)  # fmt: skip


@pytest.mark.parametrize("rule, text", EXAMPLES, ids=[f"{n}-{rule}" for n, (rule, _) in enumerate(EXAMPLES)])
def test_each_kind_of_credential_is_found(rule: str, text: str) -> None:
    assert rule in rules(f"first line\n{text}\nlast line\n")
    assert rule in rules(text)


def test_each_built_in_rule_has_an_example() -> None:
    text = files("forgewall.inspect").joinpath("data/secrets.toml").read_text(encoding="utf-8")
    named = {rule["id"] for rule in tomllib.loads(text)["rules"]}
    assert named - {rule for rule, _ in EXAMPLES} == set()


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "x" * 36,
        "xghp_" + noise(ALNUM, 36),
        "ghp_" + noise(ALNUM, 37),
        'password = "${DB_PASSWORD}"',
        'password: "changeme123456"',
        'api_key = os.environ["ACME_API_KEY_PRODUCTION"]',
        "token = self.tokens.next_token2",
        "ACME_API_KEY=${ACME_API_KEY_2}",
        "secretName: acme-production-database-2",
        "password_file: /run/secrets/acme-production/password1",
        'token_type = "urn:ietf:params:oauth:token-type:access_token"',
        "public_key = '" + noise(ALNUM, 40) + "'",
        'secret_name = "projects/acme/secrets/database-password/versions/3"',
        "postgres://user:password@localhost/db",
        "postgres://app:tr0ub4dor3@db.example.com/app",
        "https://acme.example/a:b/c@d",
        "git@github.com:acme/api.git",
        "-----BEGIN PUBLIC KEY-----\n" + noise(B64, 64) + "\n-----END PUBLIC KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
        "commit 9f3c1e0d5b7a48c2e6f1d0b9a8c7e6f5d4c3b2a1",
        '"integrity": "sha512-' + noise(B64, 86) + '=="',
    ],
)
def test_what_is_no_secret(text: str) -> None:
    assert rules(text) == []


def test_lock_files_are_spared_the_generic_rule_only() -> None:
    text = '"cache_key": "' + noise(ALNUM, 40) + '", "resolved": "ghp_' + noise(ALNUM, 36) + '"'
    text = text.replace("cache_key", "access_key")
    assert rules(text, path="web/package-lock.json") == ["github-pat"]
    assert rules(text, path="web/config.json") == ["generic-api-key", "github-pat"]
    assert rules(text, path=None) == ["generic-api-key", "github-pat"]


def test_a_find_is_told_by_rule_mask_fingerprint_and_line() -> None:
    token = "ghp_" + noise(ALNUM, 36)
    [secret] = found(f"one\ntwo\ntoken: {token}\n", path="src/a.py")
    assert secret == Secret(
        rule="github-pat", mask="ghp_…(40)", fingerprint=secret.fingerprint, path="src/a.py", line=3
    )
    assert len(secret.fingerprint) == 16
    [again] = found(f"{token}")
    assert again.fingerprint == secret.fingerprint
    [salted] = found(token, scanner=Scanner.built_in(salt=b"another"))
    assert salted.fingerprint != secret.fingerprint
    [unsalted] = found(token, scanner=Scanner.built_in())
    assert unsalted.fingerprint == ""


def test_no_fact_shows_more_than_the_mask() -> None:
    for _, text in EXAMPLES:
        for secret in found(text):
            shown = f"{secret.mask} {secret.fingerprint}"
            assert not any(text[at : at + 6] in shown for at in range(len(text) - 5))


def test_the_same_secret_is_told_once_and_the_exact_rule_wins() -> None:
    token = "ghp_" + noise(ALNUM, 36)
    assert rules(f"api_token = '{token}'\n" * 1000) == ["github-pat"]
    assert rules(f"{token} ghp_{noise(ALNUM, 36, 2)} {token}") == ["github-pat", "github-pat"]


@pytest.mark.parametrize("place", range(0, 60))
def test_a_token_may_be_cut_anywhere(place: int) -> None:
    data = f"api_token = 'ghp_{noise(ALNUM, 36)}'\n".encode()
    stream = SCANNER.stream()
    facts = stream.feed(data[:place]) + stream.feed(data[place:]) + stream.finish()
    assert [fact.rule for fact in facts] == ["github-pat"]


@pytest.mark.parametrize("border", [WINDOW, 2 * WINDOW - OVERLAP])
@pytest.mark.parametrize("offset", [*range(-44, 6), -OVERLAP - 44, -OVERLAP - 20, -OVERLAP - 1, -OVERLAP, -OVERLAP + 1])
def test_a_token_may_stand_on_any_border_of_windows(border: int, offset: int) -> None:
    token = f"ghp_{noise(ALNUM, 36)}"
    data = b"." * (border + offset) + token.encode() + b"\n" + b"." * 20_000
    [secret] = found(data)
    assert (secret.rule, secret.line) == ("github-pat", 1)
    longer = b"." * (border + offset) + token.encode() + b"A\n" + b"." * 20_000
    assert found(longer) == [], "a window's border must not end a token, nor begin one"
    assert found(b"." * (border + offset) + b"A" + token.encode() + b"\n" + b"." * 20_000) == []


def test_a_whole_key_may_stand_on_a_border() -> None:
    for start in range(WINDOW - 2000, WINDOW + 100, 97):
        [secret] = found(b"\n" * start + PEM.encode() + b"\n" * OVERLAP)
        assert (secret.rule, secret.line) == ("private-key", start + 1)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 300_000), max_size=12), st.lists(st.integers(0, 100_000), min_size=3, max_size=3))
def test_any_cut_gives_the_same_finds(places: list[int], gaps: list[int]) -> None:
    parts = [text for _, text in EXAMPLES[:3]]
    data = b"\n".join(b" " * gap + part.encode() for gap, part in zip(gaps, parts, strict=True))
    stream = SCANNER.stream()
    told = [secret for chunk in cuts(data, places) for secret in stream.feed(chunk)] + stream.finish()
    assert told == found(data)
    assert len(told) == 3


def test_text_in_utf_16_is_searched_too() -> None:
    text = "grüße\r\n$token = 'ghp_" + noise(ALNUM, 36) + "'\r\n"
    for coding in ("utf-16-le", "utf-16-be"):
        data = ("\ufeff" + "x\r\n" * 50_000 + text).encode(coding)
        [secret] = found(data, chunk=777)
        assert (secret.rule, secret.line) == ("github-pat", 50_002)


def test_binary_files_are_searched_like_others() -> None:
    data = random.Random(1).randbytes(100_000) + b"\0ghp_" + noise(ALNUM, 36).encode() + b"\0"
    assert rules(data + random.Random(2).randbytes(100_000)) == ["github-pat"]


def test_a_hundred_secrets_are_enough() -> None:
    lines = "".join(f"ghp_{noise(ALNUM, 36, seed)}\n" for seed in range(5000))
    stream = SCANNER.stream()
    told = stream.feed(lines.encode()) + stream.finish()
    assert len(told) == secrets.MOST
    assert stream.gave_up is None


def test_look_alikes_without_end_stop_the_search_and_are_told_of() -> None:
    """Work is counted, not timed: far fewer places are examined than the file has."""
    stream = SCANNER.stream()
    line = b'api_secret = "aaaaaaaaaaaaaa"\n'
    for _ in range(400):
        assert stream.feed(line * 1000) == []
    assert stream.finish() == []
    assert stream.gave_up is not None
    assert stream._budget < 0


def test_memory_of_a_stream_is_bounded() -> None:
    stream = SCANNER.stream()
    chunk = b"plain words and " * 65536
    stream.feed(chunk)
    tracemalloc.start()
    for _ in range(30):
        stream.feed(chunk)
    stream.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * WINDOW


@given(st.binary(max_size=2000), st.integers(1, 500))
def test_any_bytes_are_survived(data: bytes, chunk: int) -> None:
    found(data, chunk=chunk)


@given(st.text(max_size=60), st.sampled_from(["key", "token=", "Authorization: ", "://", "password ="]))
def test_any_text_around_keywords_is_survived(text: str, word: str) -> None:
    found(f"{text}{word}{text}{word}\n{text}")


def test_a_path_that_becomes_known_later_is_told() -> None:
    stream = SCANNER.stream(None)
    stream.feed(f"ghp_{noise(ALNUM, 36)}".encode())
    stream.path, stream.oid = "late.txt", "0" * 40
    [secret] = stream.finish()
    assert (secret.path, secret.oid) == ("late.txt", "0" * 40)
    assert stream.finish() == []
    assert stream.feed(b"more") == []
