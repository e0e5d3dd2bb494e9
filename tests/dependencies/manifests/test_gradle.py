import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.gradle_settings import read_gradle_script
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts, offers, references, rows

GROOVY = """\
buildscript {
    ext.kotlin_version = '2.1.0'
    dependencies {
        classpath "org.jetbrains.kotlin:kotlin-gradle-plugin:$kotlin_version"
    }
}
plugins {
    id 'com.google.protobuf' version '0.10.0'
    id 'java'
}
def grpcVersion = "1.83.1"
// implementation "not.this:one:1.0"
/* nor
   implementation 'this:one:1.0' */
dependencies {
    implementation platform("org.acme:bom:3.1")
    implementation "io.grpc:grpc-protobuf:${grpcVersion}",
            'io.grpc:grpc-stub:1.0',
            "io.grpc:grpc-netty"
    testImplementation group: 'junit', name: 'junit', version: '4.13.2'
    compileOnly 'org.acme:annotations:1.+'
    runtimeOnly "org.acme:driver:${unknownVersion}"
    implementation('org.acme:with-exclusions:2.0@aar') {
        exclude group: 'org.bad', module: 'bad'
        because 'of:this:reason'
    }
    implementation project(':core')
    annotationProcessor libs.auto.service
    constraints {
        implementation 'org.acme:pinned:1.2.3'
    }
}
protobuf {
    protoc { artifact = "com.google.protobuf:protoc:4.35.1" }
}
tasks.register('x') { dependsOn ':a:b:c' }
"""


def test_every_need_of_a_groovy_script_has_its_line_scope_and_kind() -> None:
    assert rows(read_gradle_script, "app/build.gradle", GROOVY) == [
        ("org.jetbrains.kotlin:kotlin-gradle-plugin", "2.1.0", "exact", "build", 4),
        ("com.google.protobuf", "0.10.0", "exact", "build", 8),
        ("org.acme:bom", "3.1", "exact", "runtime", 16),
        ("io.grpc:grpc-protobuf", "1.83.1", "exact", "runtime", 17),
        ("io.grpc:grpc-stub", "1.0", "exact", "runtime", 18),
        ("io.grpc:grpc-netty", "", "none", "runtime", 19),
        ("junit:junit", "4.13.2", "exact", "test", 20),
        ("org.acme:annotations", "1.+", "range", "build", 21),
        ("org.acme:driver", "${unknownVersion}", "dynamic", "runtime", 22),
        ("org.acme:with-exclusions", "2.0", "exact", "runtime", 23),
        ("libs.auto.service", "libs.auto.service", "catalog", "build", 28),
        ("org.acme:pinned", "1.2.3", "exact", "build", 30),
        ("com.google.protobuf:protoc", "4.35.1", "exact", "build", 34),
    ]


KOTLIN = """\
plugins {
  kotlin("jvm") version "2.2.0"
  id("com.acme.plugin").version("1.0")
  alias(libs.plugins.ksp)
  alias(libs.plugins.dokka).apply(false)
}
val okio = "3.1.0"
kotlin {
  sourceSets {
    val commonMain by getting {
      dependencies {
        api(libs.okio)
        implementation(projects.core)
        implementation(kotlin("reflect", version = okio))
      }
    }
    val commonTest by getting {
      dependencies {
        implementation(libs.test.assertk)
        implementation("org.acme", "three", "1.0")
      }
    }
  }
}
dependencies {
  add("ksp", "org.acme:processor:$okio")
  add("ksp", libs.moshi.codegen)
  add("compileOnly", kotlin("gradle-plugin"))
  "friendsImplementation"(libs.friends.get())
  implementation(libs.bundles.ktor)
  testImplementation(group = "junit", name = "junit", version = okio)
  implementation(
    libs.wrapped,
  )
}
val version = libs.versions.kotlin.get()
dependencies { testImplementation(rootProject.libs.junit) }
val helper = libs.findLibrary("junit-jupiter").get()
val file = "gradle/libs.versions.toml"
"""


def test_every_need_of_a_kotlin_script_has_its_line_scope_and_kind() -> None:
    assert rows(read_gradle_script, "app/build.gradle.kts", KOTLIN) == [
        ("org.jetbrains.kotlin.jvm", "2.2.0", "exact", "build", 2),
        ("com.acme.plugin", "1.0", "exact", "build", 3),
        ("libs.plugins.ksp", "libs.plugins.ksp", "catalog", "build", 4),
        ("libs.plugins.dokka", "libs.plugins.dokka", "catalog", "build", 5),
        ("libs.okio", "libs.okio", "catalog", "runtime", 12),
        ("org.jetbrains.kotlin:kotlin-reflect", "3.1.0", "exact", "runtime", 14),
        ("libs.test.assertk", "libs.test.assertk", "catalog", "test", 19),
        ("org.acme:three", "1.0", "exact", "test", 20),
        ("org.acme:processor", "3.1.0", "exact", "build", 26),
        ("libs.moshi.codegen", "libs.moshi.codegen", "catalog", "build", 27),
        ("org.jetbrains.kotlin:kotlin-gradle-plugin", "", "none", "build", 28),
        ("libs.friends", "libs.friends", "catalog", "runtime", 29),
        ("libs.bundles.ktor", "libs.bundles.ktor", "catalog", "runtime", 30),
        ("junit:junit", "3.1.0", "exact", "test", 31),
        ("libs.wrapped", "libs.wrapped", "catalog", "runtime", 33),
        ("libs.junit", "libs.junit", "catalog", "test", 37),
        ("libs.junit.jupiter", "libs.junit.jupiter", "catalog", "build", 38),
    ]


def test_a_plugin_refers_to_its_marker_artifact() -> None:
    text = 'plugins {\n  id("org.acme.x") version "1"\n}\n'
    found = references(read_gradle_script, "build.gradle.kts", text)
    assert found == ["maven org.acme.x:org.acme.x.gradle.plugin"]


def test_what_a_build_plugin_needs_is_needed_to_build() -> None:
    text = "dependencies {\n  implementation(libs.kotlin.gradle)\n}\n"
    path = "build-logic/build.gradle.kts"
    assert [row[3] for row in rows(read_gradle_script, path, text)] == ["build"]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("build.gradle", "group = 'org.acme'\nversion = '1.0'\n", ("org.acme:{module}", "1.0", 1)),
        ("core/build.gradle", "\ngroup 'org.acme'\n", ("org.acme:core", "", 2)),
        (
            "core/build.gradle",
            "group = 'org.acme'\narchivesBaseName = 'acme-core'\n",
            ("org.acme:acme-core", "", 1),
        ),
        (
            "build.gradle.kts",
            'allprojects {\n  group = "org.acme"\n}\n',
            ("org.acme:{module}", "", 2),
        ),
        (
            "core/build.gradle.kts",
            'mavenPublishing {\n  coordinates("org.acme", "core", "2.0")\n}\n',
            ("org.acme:core", "2.0", 2),
        ),
    ],
)
def test_a_script_offers_the_modules_it_publishes(
    path: str, text: str, expected: tuple[str, str, int]
) -> None:
    assert offers(read_gradle_script, path, text) == [("maven", *expected)]


def test_the_group_of_a_task_offers_nothing() -> None:
    text = 'tasks.register("check2") {\n  group = "verification"\n}\n'
    assert offers(read_gradle_script, "build.gradle.kts", text) == []


def test_a_settings_script_names_its_projects_and_included_builds() -> None:
    text = (
        'rootProject.name = "shop"\n'
        'plugins { id("org.acme.settings") version "0.9" }\n'
        'include(":core", ":core:api")\n'
        "include ':web'\n"
        'includeBuild("./build-logic")\n'
        '// include(":gone")\n'
    )
    found = facts(read_gradle_script, "settings.gradle.kts", text)
    assert found.members == ("core", "core/api", "web", "build-logic")
    assert [(item.name, item.line) for item in found.declarations] == [("org.acme.settings", 2)]


def test_a_constant_with_two_values_is_not_known() -> None:
    text = 'val v = "1.0"\nif (x) { v = "2.0" }\ndependencies {\n  implementation("a.b:c:$v")\n}\n'
    assert rows(read_gradle_script, "build.gradle.kts", text)[0][1:3] == ("$v", "dynamic")


def test_a_script_of_fifty_megabytes_is_refused_with_a_problem() -> None:
    found = read_gradle_script(
        ManifestFile("build.gradle", b'implementation "a:b:1"\n' * 2_300_000)
    )
    assert found.declarations == ()
    assert "too large" in found.problems[0].message


@pytest.mark.parametrize("unit", ["{", '"', "'a:b:1'", "/*", "implementation(", "libs.a.", "(" * 9])
def test_hostile_repetition_is_read_in_bounded_time(unit: str) -> None:
    content = ("dependencies {\n" + unit * (100_000 // len(unit))).encode()
    assert read_gradle_script(ManifestFile("build.gradle", content)).problems == ()


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    read_gradle_script(ManifestFile("build.gradle", content))
    read_gradle_script(ManifestFile("settings.gradle.kts", content))


_PIECES = [
    "dependencies",
    "{",
    "}",
    "implementation",
    "(",
    ")",
    '"a:b:1"',
    "libs.x",
    "version",
    "=",
]


@given(
    st.lists(st.sampled_from([*_PIECES, "=", "\n", " ", ",", "'", '"', "group", "$v", "/*", "//"]))
)
def test_arbitrary_pieces_of_a_script_never_raise(pieces: list[str]) -> None:
    read_gradle_script(ManifestFile("build.gradle", "".join(pieces).encode()))
