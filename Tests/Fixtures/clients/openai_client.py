"""Drives a running server with the official openai client. Arguments: base URL, image file. Prints OK at the end."""
import base64
import json
import sys

import openai

base, image = sys.argv[1:3]
client = openai.OpenAI(base_url=base + "/v1", api_key="test-key-1", max_retries=0)
model = client.models.list().data[0].id
url = "data:image/png;base64," + base64.b64encode(open(image, "rb").read()).decode()


def picture(detail="low"):
    return [{"role": "user", "content": [
        {"type": "text", "text": "What is the total?"},
        {"type": "image_url", "image_url": {"url": url, "detail": detail}}]}]


# A chat, whole and streamed: the same text, the same usage.
whole = client.chat.completions.create(model=model, messages=picture(), max_tokens=12, temperature=0)
text = whole.choices[0].message.content
assert whole.object == "chat.completion" and whole.choices[0].finish_reason in ("stop", "length")
assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
assert whole.usage.images[0]["tiles"] == 1
chunks = list(client.chat.completions.create(
    model=model, messages=picture(), max_tokens=12, temperature=0, stream=True, stream_options={"include_usage": True}))
assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == text
assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens
raw = client.chat.completions.with_raw_response.create(model=model, messages=picture("high") , max_tokens=2)
assert "tiles=" in raw.headers["x-monocle-images"], dict(raw.headers)

# Several images in one message.
many = client.chat.completions.create(
    model=model, max_tokens=2, messages=[{"role": "user", "content": picture()[0]["content"] + picture()[0]["content"][1:]}])
assert len(many.usage.images) == 2

# Log-probabilities, choices, seeds.
logs = client.chat.completions.create(model=model, messages=picture(), max_tokens=5, logprobs=True, top_logprobs=3, n=2, seed=1)
assert len(logs.choices) == 2 and all(len(t.top_logprobs) == 3 for t in logs.choices[0].logprobs.content)
assert all(t.logprob <= 0 for t in logs.choices[0].logprobs.content)

# A schema.
schema = {"type": "object", "properties": {"total": {"type": "number"}, "currency": {"enum": ["EUR", "USD"]}},
          "required": ["total", "currency"], "additionalProperties": False}
formed = client.chat.completions.create(
    model=model, messages=picture(), max_tokens=200, temperature=0,
    response_format={"type": "json_schema", "json_schema": {"name": "receipt", "schema": schema, "strict": True}})
if formed.choices[0].finish_reason == "stop":
    answer = json.loads(formed.choices[0].message.content)
    assert set(answer) == {"total", "currency"} and answer["currency"] in ("EUR", "USD"), answer

# A tool that must be called.
tools = [{"type": "function", "function": {"name": "book", "description": "Books a total.", "parameters": {
    "type": "object", "properties": {"kind": {"enum": ["paid", "due"]}}, "required": ["kind"], "additionalProperties": False}}}]
called = client.chat.completions.create(model=model, messages=picture(), max_tokens=200, tools=tools, tool_choice="required")
assert called.choices[0].finish_reason in ("tool_calls", "length")
if called.choices[0].finish_reason == "tool_calls":
    call = called.choices[0].message.tool_calls[0]
    assert call.function.name == "book" and json.loads(call.function.arguments)["kind"] in ("paid", "due")
    again = client.chat.completions.create(model=model, max_tokens=4, tools=tools, messages=picture() + [
        {"role": "assistant", "content": None, "tool_calls": [call.model_dump()]},
        {"role": "tool", "tool_call_id": call.id, "content": "done"}])
    assert again.choices

# Completions and responses.
done = client.completions.create(model=model, prompt="Total:", max_tokens=4, logprobs=2, echo=True)
assert done.choices[0].text.startswith("Total:")
response = client.responses.create(model=model, input="What is this?", max_output_tokens=8, store=False)
assert response.output_text is not None and response.usage.output_tokens <= 8
kinds = [event.type for event in client.responses.create(model=model, input="What is this?", max_output_tokens=8, stream=True)]
assert kinds[0] == "response.created" and kinds[-1] in ("response.completed", "response.incomplete"), kinds

# Errors are the client's own exceptions.
for expected, call in [
    (openai.NotFoundError, lambda: client.chat.completions.create(model="other", messages=picture())),
    (openai.BadRequestError, lambda: client.chat.completions.create(model=model, messages=picture(), temperature=9)),
    (openai.BadRequestError, lambda: client.chat.completions.create(model=model, messages=[])),
    (openai.AuthenticationError, lambda: openai.OpenAI(base_url=base + "/v1", api_key="wrong", max_retries=0).models.list()),
]:
    try:
        call()
    except expected as error:
        assert error.body["code"], error
    else:
        raise AssertionError(f"no {expected.__name__}")
print("OK")
