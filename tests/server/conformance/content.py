"""Content that the conformance suite asks for and no operation of ours has."""

from base64 import b64encode

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    ContentBlock,
    EmbeddedResource,
    GetPromptResult,
    ImageContent,
    Prompt,
    PromptArgument,
    PromptMessage,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
    Tool,
)

from gitops_auditor.resources.uris import UriTemplate

PNG = b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c4944415478da63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
).decode()
WAV = b64encode(
    bytes.fromhex("524946462600000057415645666d74201000000001000100401f0000803e0000020010006461")
    + bytes.fromhex("7461020000000000")
).decode()


def image() -> ImageContent:
    return ImageContent(data=PNG, mime_type="image/png")


def embedded(uri: str, text: str, mime_type: str = "text/plain") -> EmbeddedResource:
    return EmbeddedResource(resource=TextResourceContents(uri=uri, text=text, mime_type=mime_type))


TOOLS: dict[str, list[ContentBlock]] = {
    "test_simple_text": [TextContent(text="This is a simple text response for testing.")],
    "test_image_content": [image()],
    "test_audio_content": [AudioContent(data=WAV, mime_type="audio/wav")],
    "test_embedded_resource": [
        embedded("test://embedded-resource", "This is an embedded resource content.")
    ],
    "test_multiple_content_types": [
        TextContent(text="Multiple content types test:"),
        image(),
        embedded("test://mixed-content-resource", '{"value":123}', "application/json"),
    ],
    "json_schema_2020_12_tool": [TextContent(text="Its schema is what matters.")],
}

SCHEMAS: dict[str, dict[str, object]] = {
    "json_schema_2020_12_tool": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            }
        },
        "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
        "additionalProperties": False,
    },
    "test_sampling": {
        "type": "object",
        "properties": {"prompt": {"type": "string"}},
        "required": ["prompt"],
    },
    "test_elicitation": {
        "type": "object",
        "properties": {"message": {"type": "string"}},
        "required": ["message"],
    },
}


def tool(name: str) -> Tool:
    return Tool(
        name=name,
        description=f"Fixture {name} of the conformance suite.",
        input_schema=SCHEMAS.get(name, {"type": "object", "properties": {}}),
    )


TEXT_URI = "test://static-text"
BINARY_URI = "test://static-binary"
TEMPLATE = UriTemplate("test://template/{id}/data")
RESOURCES = [
    Resource(uri=TEXT_URI, name="static-text", description="Text.", mime_type="text/plain"),
    Resource(uri=BINARY_URI, name="static-binary", description="A dot.", mime_type="image/png"),
]
TEMPLATES = [ResourceTemplate(uri_template=TEMPLATE.text, name="template", description="By id.")]


def read(uri: str) -> ReadResourceResult | None:
    if uri == TEXT_URI:
        text = "This is the content of the static text resource."
        contents = TextResourceContents(uri=uri, mime_type="text/plain", text=text)
        return ReadResourceResult(contents=[contents])
    if uri == BINARY_URI:
        blob = BlobResourceContents(uri=uri, mime_type="image/png", blob=PNG)
        return ReadResourceResult(contents=[blob])
    values = TEMPLATE.match(uri)
    if values is None:
        return None
    text = f'{{"id":"{values["id"]}","templateTest":true}}'
    contents = TextResourceContents(uri=uri, mime_type="application/json", text=text)
    return ReadResourceResult(contents=[contents])


def _argument(name: str) -> PromptArgument:
    return PromptArgument(name=name, description=f"The {name}.", required=True)


PROMPTS = {
    "test_simple_prompt": [],
    "test_prompt_with_arguments": ["arg1", "arg2"],
    "test_prompt_with_embedded_resource": ["resourceUri"],
    "test_prompt_with_image": [],
}


def prompts() -> list[Prompt]:
    return [
        Prompt(
            name=name,
            description=f"Fixture {name} of the conformance suite.",
            arguments=[_argument(argument) for argument in arguments],
        )
        for name, arguments in PROMPTS.items()
    ]


def prompt(name: str, given: dict[str, str]) -> GetPromptResult | None:
    contents: dict[str, list[ContentBlock]] = {
        "test_simple_prompt": [TextContent(text="This is a simple prompt for testing.")],
        "test_prompt_with_arguments": [
            TextContent(text=f"Prompt with arguments: {sorted(given.items())}")
        ],
        "test_prompt_with_embedded_resource": [
            embedded(given.get("resourceUri", ""), "Embedded resource content for testing.")
        ],
        "test_prompt_with_image": [image(), TextContent(text="Please analyze the image above.")],
    }
    if name not in contents:
        return None
    messages = [PromptMessage(role="user", content=content) for content in contents[name]]
    return GetPromptResult(messages=messages)
