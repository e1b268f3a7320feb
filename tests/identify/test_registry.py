import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify.registry import Instance, Registry, Role
from forgewall.model import Kind

REGISTRY = Registry.build()

KNOWN = [
    ("github.com", "github", "web", "github.com"),
    ("www.github.com", "github", "web", "github.com"),
    ("api.github.com", "github", "api", "github.com"),
    ("gist.github.com", "github", "gist", "gist.github.com"),
    ("anything.new.github.com", "github", "other", "github.com"),
    ("github-cloud.s3.amazonaws.com", "github", "store", "github.com"),
    ("github-cloud.s3.dualstack.us-east-1.amazonaws.com", "github", "store", "github.com"),
    ("productionresultssa19.blob.core.windows.net", "github", "store", "github.com"),
    ("ghcr.io", "github", "registry", "github.com"),
    ("nuget.pkg.github.com", "github", "packages", "github.com"),
    ("ssh.github.com", "github", "ssh", "github.com"),
    ("acme.ghe.com", "github", "web", "acme.ghe.com"),
    ("api.acme.ghe.com", "github", "api", "acme.ghe.com"),
    ("gist.acme.ghe.com", "github", "gist", "gist.acme.ghe.com"),
    ("registry.gitlab.com", "gitlab", "registry", "gitlab.com"),
    ("altssh.gitlab.com", "gitlab", "ssh", "gitlab.com"),
    ("api.bitbucket.org", "bitbucket", "api", "bitbucket.org"),
    ("bbuseruploads.s3.us-west-2.amazonaws.com", "bitbucket", "store", "bitbucket.org"),
    ("acme.visualstudio.com", "azure-devops", "web", "dev.azure.com"),
    ("acme.pkgs.visualstudio.com", "azure-devops", "packages", "dev.azure.com"),
    ("vs-ssh.visualstudio.com", "azure-devops", "ssh", "dev.azure.com"),
    ("x.vsblob.vsassets.io", "azure-devops", "store", "dev.azure.com"),
    ("hf.co", "huggingface", "web", "huggingface.co"),
    ("hf-hub-lfs-eu-west-1.s3-accelerate.amazonaws.com", "huggingface", "store", "huggingface.co"),
    ("codeberg.org", "gitea", "web", "codeberg.org"),
    (
        "git-codecommit-fips.us-east-1.amazonaws.com",
        "codecommit",
        "web",
        "git-codecommit.us-east-1.amazonaws.com",
    ),
    ("git.code.sf.net", "git-only", "web", "git.code.sf.net"),
    ("gitee.com", "git-only", "web", "gitee.com"),
]
STRANGERS = [
    "example.com",
    "github.com.evil.example",
    "notgithub.com",
    "github.co",
    "storage.googleapis.com",
    "acme.blob.core.windows.net",
    "productionresultssa20.blob.core.windows.net",
    "s3.amazonaws.com",
    "acme.s3.amazonaws.com",
    "ec2.us-east-1.amazonaws.com",
    "com",
    "",
    ".",
    "10.0.0.1",
    "::1",
]


@pytest.mark.parametrize("host, kind, role, forge", KNOWN)
def test_hosts_of_forges(host: str, kind: str, role: str, forge: str) -> None:
    found = REGISTRY.lookup(host)
    assert found is not None
    assert (found.kind, found.role, found.forge) == (kind, role, forge)


@pytest.mark.parametrize("host", STRANGERS)
def test_other_hosts(host: str) -> None:
    assert REGISTRY.lookup(host) is None


@pytest.mark.parametrize("host", ["GitHub.COM", "github.com.", "GITHUB.com.", "ｇｉｔｈｕｂ.com", "github。com"])
def test_spellings_of_a_host_are_folded(host: str) -> None:
    found = REGISTRY.lookup(host)
    assert found is not None
    assert found.forge == "github.com"


def test_only_one_trailing_dot_is_dropped() -> None:
    assert REGISTRY.lookup("github.com..") is None


def test_a_label_stands_in_for_the_wildcard() -> None:
    found = REGISTRY.lookup("Acme.VisualStudio.com")
    assert found is not None
    assert found.label == "acme"
    assert found.host == "acme.visualstudio.com"


def test_an_instance_adds_its_hosts_and_subdomains() -> None:
    instance = Instance(
        kind=Kind.GITHUB, host="Git.Acme.Example", port=8443, path="/ghe", hosts=("registry.acme.example",)
    )
    registry = Registry.build([instance])
    main, gist, extra = (
        registry.lookup(host) for host in ("git.acme.example", "gist.git.acme.example", "registry.acme.example")
    )
    assert main is not None
    assert (main.role, main.forge, main.tls_port) == (Role.WEB, "git.acme.example", 8443)
    assert gist is not None
    assert (gist.role, gist.forge) == (Role.GIST, "gist.git.acme.example")
    assert extra is not None
    assert (extra.role, extra.forge) == (Role.REGISTRY, "git.acme.example")
    assert extra.instance is not None
    assert extra.instance.path == ""
    assert REGISTRY.lookup("git.acme.example") is None


@pytest.mark.parametrize(
    "instances, sentence",
    [
        (
            [Instance(kind=Kind.GITLAB, host="g.example"), Instance(kind=Kind.GITEA, host="G.example.")],
            "`g.example` is named twice among the forges",
        ),
        (
            [Instance(kind=Kind.GITLAB, host="github.com")],
            "`github.com` is a github host and can't be of kind gitlab",
        ),
        ([Instance(kind=Kind.GITLAB, host="git acme")], "`git acme` is not a host name"),
    ],
)
def test_instances_that_make_no_sense(instances: list[Instance], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        Registry.build(instances)


@given(st.text(max_size=300))
def test_any_text_can_be_looked_up(host: str) -> None:
    REGISTRY.lookup(host)


@given(st.from_regex(r"[a-z0-9-]{1,20}\.(example|com|net)", fullmatch=True))
def test_a_suffix_of_a_label_is_no_forge(prefix: str) -> None:
    assert REGISTRY.lookup(f"github.com.{prefix}") is None or prefix.endswith(("github.com", "gitlab.com"))
