import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.maven import read_pom
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts, offers, references, rows

POM = """\
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent>
    <groupId>org.acme</groupId>
    <artifactId>acme-parent</artifactId>
    <version>7</version>
  </parent>
  <artifactId>shop</artifactId>
  <version>1.1</version>
  <modules>
    <module>core</module>
    <module>web/pom.xml</module>
  </modules>
  <properties>
    <guava.version>33.0</guava.version>
    <alias>${guava.version}</alias>
    <loop>${loop}</loop>
  </properties>
  <dependencyManagement>
    <dependencies>
      <dependency>
        <groupId>org.acme</groupId>
        <artifactId>bom</artifactId>
        <version>[2.0,3.0)</version>
        <type>pom</type>
        <scope>import</scope>
      </dependency>
      <dependency>
        <groupId>junit</groupId>
        <artifactId>junit</artifactId>
        <version>4.13.2</version>
      </dependency>
    </dependencies>
  </dependencyManagement>
  <dependencies>
    <!-- a comment
         of two lines -->
    <dependency>
      <groupId>com.google.guava</groupId>
      <artifactId>guava</artifactId>
      <version>${alias}</version>
    </dependency>
    <dependency>
      <groupId>junit</groupId>
      <artifactId>junit</artifactId>
      <scope>test</scope>
    </dependency>
    <dependency>
      <groupId>${project.groupId}</groupId>
      <artifactId>core</artifactId>
      <version>${project.version}</version>
    </dependency>
    <dependency>
      <groupId>javax</groupId>
      <artifactId>servlet</artifactId>
      <version>${elsewhere}</version>
      <scope>provided</scope>
    </dependency>
    <dependency>
      <groupId>org.loop</groupId>
      <artifactId>loop</artifactId>
      <version>${loop}</version>
    </dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <artifactId>maven-jar-plugin</artifactId>
        <version>3.4</version>
        <dependencies>
          <dependency>
            <groupId>org.x</groupId>
            <artifactId>y</artifactId>
            <version>LATEST</version>
          </dependency>
        </dependencies>
      </plugin>
    </plugins>
  </build>
  <profiles>
    <profile>
      <dependencies>
        <dependency>
          <groupId>org.p</groupId>
          <artifactId>q</artifactId>
          <version>1</version>
          <scope>runtime</scope>
        </dependency>
      </dependencies>
    </profile>
  </profiles>
</project>
"""


def test_every_need_of_a_pom_has_its_line_scope_and_kind() -> None:
    assert sorted(rows(read_pom, "pom.xml", POM), key=lambda row: row[4]) == [
        ("org.acme:acme-parent", "7", "exact", "build", 5),
        ("org.acme:bom", "[2.0,3.0)", "range", "build", 23),
        ("junit:junit", "4.13.2", "exact", "build", 30),
        ("com.google.guava:guava", "33.0", "exact", "runtime", 40),
        ("junit:junit", "4.13.2", "exact", "test", 45),
        ("org.acme:core", "1.1", "exact", "runtime", 50),
        ("javax:servlet", "${elsewhere}", "dynamic", "build", 55),
        ("org.loop:loop", "${loop}", "dynamic", "runtime", 61),
        ("org.apache.maven.plugins:maven-jar-plugin", "3.4", "exact", "build", 68),
        ("org.x:y", "LATEST", "tag", "build", 73),
        ("org.p:q", "1", "exact", "runtime", 85),
    ]


def test_a_pom_provides_its_coordinates_with_the_group_of_its_parent() -> None:
    assert offers(read_pom, "pom.xml", POM) == [("maven", "org.acme:shop", "1.1", 8)]
    assert facts(read_pom, "pom.xml", POM).members == ("core", "web")
    assert references(read_pom, "pom.xml", POM)[0] == "maven org.acme:acme-parent"


def test_a_billion_laughs_is_refused_before_it_grows() -> None:
    text = (
        '<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>\n'
        "<project><artifactId>&b;</artifactId></project>"
    )
    found = facts(read_pom, "pom.xml", text)
    assert found.declarations == ()
    assert found.provisions == ()
    assert "entity" in found.problems[0].message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<project>\n<parent></project>", 2),
        ("<project>\n<a>", 2),
        ("", 1),
        ("<project/><project/>", 1),
        ("<settings/>", 1),
    ],
)
def test_what_is_no_pom_is_reported_with_its_line(text: str, line: int) -> None:
    found = facts(read_pom, "pom.xml", text)
    assert found.declarations == ()
    assert [problem.line for problem in found.problems] == [line]


def test_deep_nesting_is_refused() -> None:
    found = facts(read_pom, "pom.xml", "<project>" + "<a>" * 100_000)
    assert "deep" in found.problems[0].message


def test_properties_that_double_each_other_stay_bounded() -> None:
    properties = "".join(f"<p{n}>${{p{n + 1}}}${{p{n + 1}}}</p{n}>" for n in range(60))
    text = (
        f"<project><properties>{properties}<p60>xxxxxxxxxx</p60></properties><dependencies>"
        "<dependency><groupId>g</groupId><artifactId>a</artifactId><version>${p0}</version>"
        "</dependency></dependencies></project>"
    )
    assert len(rows(read_pom, "pom.xml", text)[0][1]) < 10_000


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    read_pom(ManifestFile("pom.xml", content))


_TAGS = st.sampled_from(
    ["parent", "dependencies", "dependency", "groupId", "artifactId", "version", "build", "plugins"]
)


def _element(tag: str, children: list[str]) -> str:
    return f"<{tag}>{''.join(children)}</{tag}>"


def _trees(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(_element, _TAGS, st.lists(inner))


@given(st.recursive(st.just("x"), _trees, max_leaves=20))
def test_arbitrary_trees_never_raise(body: str) -> None:
    read_pom(ManifestFile("pom.xml", f"<project>{body}</project>".encode()))


@pytest.mark.timeout(20)
def test_long_properties_used_very_often_are_read_in_bounded_time() -> None:
    names = "<groupId>g</groupId><artifactId>a</artifactId>"
    need = f"<dependency>{names}<version>${{p}}</version></dependency>"
    text = (
        f"<project><properties><p>{'x' * 500_000}</p></properties>"
        f"<dependencies>{need * 10_000}</dependencies></project>"
    )
    assert {row[1] for row in rows(read_pom, "pom.xml", text)} == {"${p}"}
