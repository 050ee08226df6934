{#-
    Creates the function that tells which counts of one table are withheld, where this version
    is missing. Each count flows from the sum `tails` names into that of `heads`; it is of so
    many `people`; `levels` are 0 for the total, 1 for its parts, 2 for parts of those. Gives
    for each: 0 shown, 1 withheld, 2 not even listed, 3 only its people withheld.
-#}
{% macro create_withheld_cells() %}
    create or replace function {{ withheld_cells() }}(
        tails text[], heads text[], levels int[], counts bigint[], people bigint[], minimum int
    ) returns int[] language plpgsql immutable parallel safe
    set search_path = pg_catalog, pg_temp
    as $body$ {{ withheld_cells_body() }} $body$;

    revoke execute on function
    {{ withheld_cells() }}(text[], text[], int[], bigint[], bigint[], int) from public
{% endmacro %}
