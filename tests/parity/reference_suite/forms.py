"""Request objects of the reference as the JSON requests that sidetok reads.

A form counts only when the reference itself makes an equal object of it; NoForm says why there is none.
"""

import base64
import io
import json

from mistral_common.protocol.instruct.chunk import ImageChunk, ImageURL, ImageURLChunk
from mistral_common.protocol.instruct.messages import SystemMessage
from mistral_common.protocol.instruct.normalize import get_normalizer
from mistral_common.protocol.instruct.request import ChatCompletionRequest, ResponseFormat
from mistral_common.protocol.instruct.validator import ValidationMode, get_validator


class NoForm(Exception):
    """The object says more, or other, than a request can."""


def same_kinds(a, b):
    """Messages and chunks of equal classes: a dump alone does not tell them apart."""
    kinds = lambda request: [(type(message), [type(chunk) for chunk in message.content]
                              if isinstance(message.content, list) else None) for message in request.messages]
    return kinds(a) == kinds(b)


def spelled(body):
    try:
        return json.loads(json.dumps(body))
    except (TypeError, ValueError) as e:
        raise NoForm("a value that JSON cannot hold") from e


def image_as_url(chunk):
    """An image in memory has no OpenAI form; the same pixels as a PNG file do. A bare URL means an object with one."""
    if isinstance(chunk, ImageURLChunk) and isinstance(chunk.image_url, str):
        return ImageURLChunk(image_url=ImageURL(url=chunk.image_url))
    if not isinstance(chunk, ImageChunk):
        return chunk
    file = io.BytesIO()
    chunk.image.save(file, "PNG")
    return ImageURLChunk(image_url=ImageURL(url="data:image/png;base64," + base64.b64encode(file.getvalue()).decode()))


def images_as_urls(request):
    """A copy of request, its images in memory replaced."""
    messages = []
    for message in request.messages:
        if isinstance(message.content, list):
            message = message.model_copy(update={"content": [image_as_url(chunk) for chunk in message.content]})
        messages.append(message)
    return request.model_copy(update={"messages": messages})


def chat_form(request):
    """A ChatCompletionRequest as the keyword arguments of from_openai."""
    request = images_as_urls(request)
    try:
        body = spelled(request.model_copy(update={"truncate_for_context_length": False}).to_openai())
        if request.truncate_for_context_length:
            body["truncate_for_context_length"] = True
        back = ChatCompletionRequest.from_openai(**json.loads(json.dumps(body)))
    except NoForm:
        raise
    except Exception as e:
        raise NoForm("an object that from_openai does not make") from e
    if back.model_dump() != request.model_dump() or not same_kinds(back, request):
        raise NoForm("an object that from_openai does not make")
    return body


def chat_of_instruct(request, tokenizer):
    """The ChatCompletionRequest of which validation and normalization make this InstructRequest."""
    messages = list(request.messages)
    if request.system_prompt is not None:
        messages.insert(0, SystemMessage(content=request.system_prompt))
    settings = request.settings
    more = {} if settings.reasoning_effort is None else {"reasoning_effort": settings.reasoning_effort}
    if getattr(settings, "json_schema", None) is not None:
        more["response_format"] = ResponseFormat(type="json_schema", json_schema={"name": "s", "schema": settings.json_schema})
    try:
        chat = ChatCompletionRequest(messages=messages, tools=request.available_tools, **more,
                                     truncate_for_context_length=request.truncate_at_max_tokens is not None)
        get_validator(tokenizer.version, mode=ValidationMode.test).validate_request(chat)
        made = get_normalizer(tokenizer.version, tokenizer.model_settings_builder).from_chat_completion_request(chat)
    except Exception as e:
        raise NoForm("an InstructRequest that validation refuses") from e
    made.truncate_at_max_tokens = request.truncate_at_max_tokens
    made, request = images_as_urls(made), images_as_urls(request)
    if made.model_dump() != request.model_dump() or not same_kinds(made, request):
        raise NoForm("an InstructRequest that normalization does not make")
    return chat


def raw(value):
    return {"$bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def plain_form(request):
    """FIM, transcription and speech requests: the class's own keyword arguments."""
    members = {name: raw(value) for name, value in request.model_dump(exclude_none=True).items()}
    return spelled(members)
