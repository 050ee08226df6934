{#- Row-level security, enabled and forced, on a released table and each of its partitions
    (a partition can be named directly): the gate sees the reader's tenant, the builder all. -#}
{% macro secure_store(name, partitions) %}
    {%- set tables = [name] -%}
    {%- for number in range(partitions) -%}
        {%- do tables.append(name ~ '_p' ~ number) -%}
    {%- endfor -%}
    {% for table in tables | map('string') %}
    {%- set relation = 'store.' ~ adapter.quote(table) %}
    alter table {{ relation }} enable row level security;
    alter table {{ relation }} force row level security;
    create policy builder on {{ relation }} to current_user using (true) with check (true);
    create policy gate on {{ relation }} for select to almoner_gate
    using (tenant_id = (select almoner.reader_tenant()));
    {% endfor %}
    grant select on store.{{ adapter.quote(name) }} to almoner_gate;
{% endmacro %}
