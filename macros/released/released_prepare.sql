{#- Makes what a released model keeps: its table, feed, work tables and the builder's view;
    adds columns that the contract has gained. Removing or retyping one is a new model version.
    The builder waits for readers at most ten seconds: those after it would wait as long. -#}
{% macro released_prepare(node, target_relation) %}
    {%- do released_run("set local lock_timeout = '10s'") -%}
    {%- do released_check(node) -%}
    {%- set found = released_run(
        "select attname, format_type(atttypid, atttypmod) from pg_catalog.pg_attribute"
        ~ " where attrelid = to_regclass('store." ~ adapter.quote(node.name) ~ "')"
        ~ " and attnum > 0 and not attisdropped"
    ) -%}
    {%- if not found.rows -%}
        {%- do released_run(released_create(node)) -%}
        {%- do released_run(secure_store(node.name, released_partitions(node))) -%}
    {%- else -%}
        {%- do released_alter(node, found.rows) -%}
    {%- endif -%}
    {%- do released_run(released_view(node, target_relation)) -%}
{% endmacro %}

{#- Refuses a released model whose yml does not say what the engine goes by; an input that
    does not map to the scope is found here, not at the first change. -#}
{% macro released_check(node) %}
    {%- set meta = node.config.meta -%}
    {%- for setting in ('scope', 'unique_key') -%}
        {%- set columns = meta.get(setting, []) -%}
        {%- if not columns or columns[0] != 'tenant_id' -%}
            {%- do exceptions.raise_compiler_error(
                node.name ~ ": config.meta." ~ setting
                ~ " must list columns, the first of them tenant_id, got " ~ columns
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in released_key(node) -%}
        {%- set constraints = node.columns.get(name, {}).get('constraints', []) -%}
        {%- if 'not_null' not in constraints | map(attribute='type') -%}
            {%- do exceptions.raise_compiler_error(
                node.name ~ ": " ~ name ~ " is part of the key and must be a column with"
                ~ " constraints: [{type: not_null}]"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set feeds = {} -%}
    {%- for feed in released_feeds(node) -%}
        {%- do feeds.update({feed: false}) -%}
    {%- endfor -%}
    {%- do changed_scopes(node, {'since': 0, 'feeds': feeds}) -%}
{% endmacro %}

{#- How many hash partitions a released table has; small ones are faster without. -#}
{% macro released_partitions(node) %}
    {{ return(node.config.meta.get('partitions', 8)) }}
{% endmacro %}

{#- Adds the contract's new columns; refuses what would break readers. -#}
{% macro released_alter(node, found) %}
    {%- set known = {} -%}
    {%- for column in found -%}
        {%- do known.update({column[0]: column[1]}) -%}
    {%- endfor -%}
    {%- for name in known if name not in node.columns and name not in ('released_in', 'retired_in') -%}
        {%- do exceptions.raise_compiler_error(
            node.name ~ " no longer has the column " ~ name
            ~ "; take it back, or give the model another name (CONTRIBUTING.md)"
        ) -%}
    {%- endfor -%}
    {%- for column in node.columns.values() if column.name not in known -%}
        {%- for table in ('store', 'work') -%}
            {%- set name = node.name if table == 'store' else node.name ~ '__rows' -%}
            {%- do released_run(
                "alter table " ~ table ~ "." ~ adapter.quote(name) ~ " add column "
                ~ adapter.quote(column.name) ~ " " ~ column.data_type
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do released_alter_key(node) -%}
{% endmacro %}

{#- Follows a changed scope and new columns of the feed: who asks for them is computed in full.
    What names a row cannot change under rows that are named by it. -#}
{% macro released_alter_key(node) %}
    {%- set found = released_run(
        "select coalesce(string_agg(att.attname, ',' order by key.position), '')"
        ~ " from pg_catalog.pg_index as ind"
        ~ " cross join lateral unnest(ind.indkey) with ordinality as key (attnum, position)"
        ~ " inner join pg_catalog.pg_attribute as att"
        ~ " on ind.indrelid = att.attrelid and key.attnum = att.attnum"
        ~ " where ind.indexrelid = to_regclass('store." ~ adapter.quote(node.name ~ '__key') ~ "')"
    ).rows[0][0].split(',') | select | list -%}
    {%- set key = released_key(node) + ['released_in'] -%}
    {%- if found and found | sort != key | sort -%}
        {%- do exceptions.raise_compiler_error(
            node.name ~ ": unique_key was " ~ found[:-1] | join(', ')
            ~ "; take it back, or give the model another name (CONTRIBUTING.md)"
        ) -%}
    {%- endif -%}
    {%- if found != key -%}
        {%- do released_run(
            'drop index if exists store.' ~ adapter.quote(node.name ~ '__key')
            ~ '; drop table work.' ~ adapter.quote(node.name ~ '__scopes')
        ) -%}
        {%- do released_run(released_scopes_table(node)) -%}
    {%- endif -%}
    {%- for column in released_feed_columns(node) -%}
        {%- do released_run(
            "alter table feed." ~ adapter.quote(node.name) ~ " add column if not exists "
            ~ adapter.quote(column) ~ " " ~ node.columns[column].data_type
        ) -%}
    {%- endfor -%}
    {%- do released_run(released_indexes(node)) -%}
{% endmacro %}

{#- The statements that create a released model's tables. -#}
{% macro released_create(node) %}
    {%- set name = adapter.quote(node.name) -%}
    {%- set partitions = released_partitions(node) %}
    create table store.{{ name }} (
        {% for column in node.columns.values() -%}
        {{ adapter.quote(column.name) }} {{ column.data_type }}
        {%- if 'not_null' in column.constraints | map(attribute='type') %} not null{% endif %},
        {% endfor -%}
        released_in int not null,
        retired_in int not null default 2147483647
    ) {{ 'partition by hash (tenant_id)' if partitions else 'with (fillfactor = 90)' }};
    {% for number in range(partitions) %}
    create table store.{{ adapter.quote(node.name ~ '_p' ~ number) }}
    partition of store.{{ name }}
    for values with (modulus {{ partitions }}, remainder {{ number }})
    with (fillfactor = 90);
    {% endfor %}
    create table if not exists feed.{{ name }} (
        release_id int not null,
        {% for column in released_feed_columns(node) -%}
        {{ adapter.quote(column) }} {{ node.columns[column].data_type }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    );
    create index if not exists {{ adapter.quote(node.name ~ '__release') }}
    on feed.{{ name }} (release_id);
    {{ released_scopes_table(node) }}
    create unlogged table if not exists work.{{ adapter.quote(node.name ~ '__rows') }} (
        {% for column in node.columns.values() -%}
        {{ adapter.quote(column.name) }} {{ column.data_type }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    );
{% endmacro %}

{#- The table that takes the scopes to recompute. -#}
{% macro released_scopes_table(node) %}
    create unlogged table if not exists work.{{ adapter.quote(node.name ~ '__scopes') }} (
        {% for column in node.config.meta.scope -%}
        {{ adapter.quote(column) }} {{ node.columns[column].data_type }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    );
{% endmacro %}

{#- The indexes of a released table, made after its first fill: the key within its scope,
    and the day. None has `retired_in`, so that retiring a row is a HOT update. -#}
{% macro released_indexes(node) %}
    create unique index if not exists {{ adapter.quote(node.name ~ '__key') }}
    on store.{{ adapter.quote(node.name) }} ({{ released_list(released_key(node)) }}, released_in);
    {% for index in node.config.meta.get('indexes', []) %}
    create index if not exists {{ adapter.quote(node.name ~ '__' ~ index | join('_')) }}
    on store.{{ adapter.quote(node.name) }} ({{ released_list(index) }});
    {% endfor %}
{% endmacro %}

{#- The columns of a released table, in the table's order: added ones come last. -#}
{% macro released_stored_columns(node) %}
    {{ return(released_run(
        "select attname from pg_catalog.pg_attribute where attrelid = 'store."
        ~ adapter.quote(node.name) ~ "'::regclass and attnum > 0 and not attisdropped"
        ~ " and attname not in ('released_in', 'retired_in') order by attnum"
    ).columns[0].values()) }}
{% endmacro %}

{#- The builder's view of a released model shows the candidate. -#}
{% macro released_view(node, target_relation) %}
    create or replace view {{ target_relation }} with (security_invoker = true) as
    select {{ released_list(released_stored_columns(node), 'sto') }}
    from store.{{ adapter.quote(node.name) }} as sto
    where sto.retired_in = 2147483647;
{% endmacro %}

{#- The gate's view shows what the reader's tenant has published. It is made last, and anew only
    if it would be another, for readers wait until whoever makes it has committed. -#}
{% macro released_gate(node) %}
    {%- set name = adapter.quote(node.name) -%}
    {%- set definition %}
    create or replace view pub.{{ name }} with (security_barrier = true) as
    select {{ released_list(released_stored_columns(node), 'sto') }}
    from store.{{ name }} as sto
    where
        sto.tenant_id = (select almoner.reader_tenant())
        and sto.released_in <= (select almoner.reader_release())
        and sto.retired_in > (select almoner.reader_release());
    alter view pub.{{ name }} owner to almoner_gate;
    {%- endset -%}
    {%- set digest = local_md5(definition) -%}
    {%- set found = released_run(
        "select pg_catalog.obj_description(to_regclass('pub." ~ name ~ "'), 'pg_class')"
    ).rows[0][0] -%}
    {%- if found != digest -%}
        {%- do released_run(
            definition ~ " comment on view pub." ~ name ~ " is '" ~ digest ~ "'"
        ) -%}
    {%- endif -%}
{% endmacro %}
