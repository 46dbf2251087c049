"""Chats as transformers renders and encodes them, for `chat.json`.

Usage:  ../fixtures/venv.sh DIR && DIR/bin/python chat.py > chat.json
        DIR/bin/python chat.py FOLDER > published.json      the templates in the `.jinja` files of a folder instead

Oracle: transformers 5.23.0 (`apply_chat_template`) with its clock stopped. The templates are our own; they are written
in the constructs that published templates use, and none is copied from one.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

from jinja2.exceptions import TemplateError
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

ROOT = Path(__file__).resolve().parents[4]
CLOCK = "2023-03-05T17:04:09"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}

TEMPLATES = {
    # A default system prompt, subscripts with strings, concatenation with +.
    "chatml": """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nBe of use.<|im_end|>\\n' }}{% endif %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}""",
    # Block lines, trimming, a date if there is a clock, slices, tools that are none.
    "dated": """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "1 Jan 2000" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system = "" %}
{%- endif %}
{{- "<|head|>system<|end_head|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Tools: " + tools | tojson(indent=4) }}
{%- endif %}
{{- "Today: " + date_string + "\\n\\n" }}
{{- system }}{{ "<|eot|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|head|>' + message['role'] + '<|end_head|>\\n\\n' + message['content'] | trim + '<|eot|>' }}
    {%- elif message.role == "tool" %}
        {{- "<|head|>result<|end_head|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|head|>assistant<|end_head|>\\n\\n' }}
{%- endif %}
""",
    # A search backwards with a namespace, tests on what is said, Python's methods, thinking cut out.
    "thinking": """{%- set ns = namespace(searching=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.searching and message.role == "user" and message.content is string and not (message.content.startswith('<result>') and message.content.endswith('</result>')) %}
        {%- set ns.searching = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if message.role == "user" or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set thought = '' %}
        {%- if message.reasoning_content is string %}
            {%- set thought = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last and (loop.last or (not loop.last and thought)) %}
            {{- '<|im_start|>assistant\\n<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}{{- 'calls' }}{%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\\n<result>\\n' ~ content ~ '\\n</result>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}{{- '<|im_end|>\\n' }}{%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    # Complaints about the order of roles, filters on lists, the last message found by rejectattr.
    "alternating": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the system message, roles must take turns: user, assistant") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token }}
    {%- elif message["role"] == "tool" %}
        {{- '{"content": ' + message.content|string + '}' }}
    {%- else %}
        {{- raise_exception("Only user and assistant: " + message["role"]) }}
    {%- endif %}
{%- endfor %}
{{- user_messages|length }} {{ (user_messages|last).content|length if user_messages else none }}""",
    # The system prompt put before the first turn, names mapped, either/or contents.
    "prefixed": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- else -%}
        {%- set prefix = messages[0]['content'][0]['text'] + '\\n\\n' -%}
    {%- endif -%}
    {%- set rest = messages[1:] -%}
{%- else -%}
    {%- set prefix = "" -%}
    {%- set rest = messages -%}
{%- endif -%}
{%- for message in rest -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '\\n' + (prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'text' -%}{{ item['text'] | trim }}{%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\\n'}}
{%- endif -%}
""",
    # Tags put together from parts; block lines without dashes.
    "assembled": """{% for message in messages %}
  {% if message['role'] == 'system' and 'tools' in message and message['tools'] is not none %}
{{ '<|' + message['role'] + '|>' + message['content'] + '<|tool|>' + message['tools'] + '<|/tool|>' + '<|end|>' }}
  {% elif message['role'] in ['user', 'system'] %}
{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}
  {% else %}
{{ '<|%s|>\\n' | format(message['role']) }}{{ message['content'] }}{{ '<|end|>\\n' }}
  {% endif %}
{% endfor %}
{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}
""",
    # Macros with defaults, generation blocks, loop controls, set blocks, filters with arguments.
    "macros": """{%- macro turn(role, text, end='<|end|>') -%}
<|{{ role }}|>{{ text }}{{ end }}
{%- endmacro -%}
{%- macro pairs(map, depth=0) -%}
{%- for key, value in map.items() %}{{ '  ' * depth }}{{ key|upper }}={{ value|replace('\\n', ' / ')|title }};{% endfor %}
{%- endmacro -%}
{%- for message in messages %}
    {%- if message.role == 'tool' %}{% continue %}{% endif %}
    {%- if loop.index > 4 %}{% break %}{% endif %}
    {%- if message.role == 'assistant' %}
        {%- generation %}
        {{- turn('assistant', message.content, end='<|done|>') }}
        {%- endgeneration %}
    {%- else %}
        {{- turn(message.role, message.content|default('')) }}
    {%- endif %}
{%- endfor %}
{% set closing %}
{{ pairs(messages[-1], depth=2) }}
{% endset %}
{{ closing|trim }}
{# a comment
   on two lines #}
    {% if add_generation_prompt %}
assistant:
    {% endif %}
""",
    # What Python prints: none, booleans, numbers, lists, JSON with its arguments.
    "printed": """{% set words = messages[-1].content.split() %}
{{ none }} {{ true }} {{ 1 > 2 }} {{ 3 }} {{ 1.0 }} {{ 0.1 + 0.2 }} {{ 7 // 2 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ -7 % 3 }}
{{ words }} {{ messages[0] }} {{ [none, true, 1.5, 'a\\'b'] }}
{{ messages|tojson }}
{{ messages[0]|tojson(indent=2) }}
{{ {'b': [1, 2.5, none, true], 'a': {}, 'c': []}|tojson }}|{{ {'b': [], 'a': {'x': [1]}}|tojson(sort_keys=true, indent=1) }}
{{ messages[-1].content|tojson(ensure_ascii=true) }} {{ ['a', 1]|tojson(separators=(',', ':')) }}
{{ messages|map(attribute='role')|join(', ') }} {{ messages|map(attribute='content')|map('length')|list }}
{{ words|first }} {{ words|last }} {{ words[:2] }} {{ words[::-1]|join('-') }} {{ messages[-1].content[1:4] }}|{{ messages[-1].content[-3:] }}
{{ 'a,b,c'.split(',', 1) }} {{ 'a-b-c'.rsplit('-', 1) }} {{ 'xaxx'.strip('x') }} {{ 'prefix-x'.removeprefix('prefix-') }} {{ 'k=v'.partition('=')[2] }}
{{ 'abc'.find('c') }} {{ 'abc'.upper() }} {{ 'a b'.title() }} {{ 'abcabc'.replace('a', 'x') }} {{ 'A'.lower() }} {{ 'abca'.count('a') }}
{{ words is sequence }} {{ 'x' is iterable }} {{ 'x' is sequence }} {{ {} is mapping }} {{ none is iterable }} {{ nothing is iterable }} {{ 1 is iterable }} {{ nothing is defined }} {{ nothing }} {{ 3 is number }} {{ true is boolean }} {{ none is none }} {{ 'a' is in ['a'] }}
{{ dict(a=1).get('a') }} {{ {'a': 1}.get('b', 'no') }} {{ {'a': 1, 'b': 2}.keys()|list }} {{ {'z': 1, 'b': 2}.items()|list }}
{{ 'yes' if messages|length > 1 else 'no' }} {{ 'only' if false }} {{ (messages|length) ~ ' turns' }} {{ 'ab' ~ none ~ true }}
{{ [1, 2] + [3] }} {{ range(3)|list }} {{ '%d of %s'|format(2, 'x') }} {{ [3, 1, 2]|sort }} {{ ['a', 'b']|join }} {{ 'x'|string }} {{ '5'|int + 1 }}
{% for k, v in {'one': 1, 'two': 2}|dictsort %}{{ loop.index }}{{ k }}{{ v }}{{ ', ' if not loop.last }}{% endfor %}

{% for m in messages if m.role == 'user' %}{{ loop.length }}{{ m.content|length }};{% else %}none{% endfor %}
{%- with x = 5 %}{{ x }}{% endwith %}
""",
    # Every directive of a date that a template may ask for.
    "clock": "{{ strftime_now('%Y-%m-%d %d %b %Y %B %A %a %y %H:%M:%S %I %p %j %-d %-m %e %%') }}",
    # What is not there: an error where it is used, nothing where it is printed.
    "undefined": "{{ cls_token }}{% if pad_token %}p{% endif %}{% for x in nothing %}{% endfor %}{{ messages[0].nothing }}|{{ messages[9] }}|{{ nothing|default('d') }}",
    "undefined_concatenated": "{{ 'a' + nothing }}",
    "undefined_field": "{{ nothing.field }}",
    "not_jinja": "{% if %}",
    "unknown_filter": "{{ messages|no_such_filter }}",
}

SYSTEM = {"role": "system", "content": "  You sort bank lines.\nAnswer with one word.  "}
CONVERSATIONS = [
    [{"role": "user", "content": "UBER *TRIP 7,50"}],
    [SYSTEM, {"role": "user", "content": "  caf\u00e9 \u2014 \u65e5\u672c \U0001f600 \n"}],
    [
        SYSTEM,
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\n fuel "},
        {"role": "user", "content": "it's \"two\" \\ {{ x }} {% if %} & <b>"},
    ],
    [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b\n"},
        {"role": "user", "content": "\ttabs\tand\r\nlines\n\n"},
        {"role": "assistant", "content": "d"},
    ],
    [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
    [{"role": "assistant", "content": "first"}, {"role": "user", "content": ""}],
    [
        {"role": "user", "content": "look"},
        {"role": "tool", "content": "{\"rate\": 1.5}"},
        {"role": "tool", "content": "second"},
        {"role": "user", "content": "<result>x</result>"},
    ],
    [SYSTEM],
]


if len(sys.argv) > 1:
    TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in sorted(Path(sys.argv[1]).glob("*.jinja"))}


class Clock(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.fromisoformat(CLOCK)


chat_template_utils.datetime = Clock
tokenizer = PreTrainedTokenizerFast.from_pretrained(ROOT / "models/tiny-decoder")
for name in ("bos_token", "eos_token", "pad_token", "unk_token"):
    setattr(tokenizer, name, TOKENS.get(name))


def render(template, messages, prompt):
    try:
        return {
            "text": tokenizer.apply_chat_template(
                messages, chat_template=template, add_generation_prompt=prompt, tokenize=False
            )
        }
    except Exception as error:
        # Exactly this type is what `raise_exception` raises; Jinja's own complaints have their own words and types.
        return {"error": str(error), "raised": type(error) is TemplateError}


rows = [
    {"template": name, "conversation": index, "add_generation_prompt": prompt, **render(template, messages, prompt)}
    for name, template in TEMPLATES.items()
    for index, messages in enumerate(CONVERSATIONS)
    for prompt in (False, True)
]

# Ids, by the shipped model's own tokenizer and template.
tokenizer = PreTrainedTokenizerFast.from_pretrained(ROOT / "models/tiny-decoder")
ids = [
    tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=False)
    for messages in CONVERSATIONS
]
print(
    json.dumps(
        {
            "oracle": "transformers 5.23.0",
            "date": CLOCK,
            "tokens": TOKENS,
            "templates": TEMPLATES,
            "conversations": CONVERSATIONS,
            "rows": rows,
            "ids": ids,
        },
        indent=1,
    )
)
