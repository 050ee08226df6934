{#-
    The rule by which small counts are withheld, in PL/pgSQL. The counts of a table are the
    flows of a network: what flows into a sum flows out of it. A small count is safe when the
    others that are withheld can make room for each number from 1 to the minimum − 1 in its
    place; until they can, the cheapest further counts are withheld too.
-#}
{% macro withheld_cells_body() -%}
declare
    size int := cardinality(counts);
    endless constant bigint := 1000000000000000;
    sums text[] := array(
        select distinct sum.name from unnest(tails || heads) as sum (name) order by sum.name
    );
    tail int[];
    head int[];
    low bigint[];
    high bigint[];
    price bigint[];
    is_small boolean[];
    is_beneath boolean[];
    is_total_withheld boolean := false;
    into_small int[];
    from_small int[];
    is_withheld boolean[];
    flow bigint[];
    cost bigint[];
    via int[];
    wanted bigint;
    room bigint;
    first int;
    last int;
    place int;
    other int;
    arc int;
    every_arc int[] := array(select generate_series(1, size));
    hidden int[];
    is_upwards boolean;
    is_any boolean;
    is_better boolean;
    found int[];
begin
    for i in 1..size loop
        tail[i] := array_position(sums, tails[i]);
        head[i] := array_position(sums, heads[i]);
        is_small[i] := people[i] < minimum;
    end loop;
    if not (true = any(is_small)) then
        return array_fill(0, array[size]);
    end if;
    is_withheld := is_small;
    hidden := array(select num.arc from unnest(every_arc) as num (arc) where is_small[num.arc]);
    -- the parts of a small sum are not told at all: that there are two would tell its least
    into_small := array_fill(9, array[cardinality(sums)]);
    from_small := into_small;
    foreach arc in array hidden loop
        into_small[head[arc]] := least(into_small[head[arc]], levels[arc]);
        from_small[tail[arc]] := least(from_small[tail[arc]], levels[arc]);
        is_total_withheld := is_total_withheld or levels[arc] = 0;
    end loop;
    for i in 1..size loop
        is_beneath[i] := is_small[i] and (
            is_total_withheld and levels[i] > 0
            or into_small[tail[i]] < levels[i]
            or from_small[head[i]] < levels[i]
        );
        low[i] := case when is_beneath[i] then 0 when is_small[i] then 1 else minimum end;
        high[i] := case when is_small[i] then greatest(minimum - 1, counts[i]) else endless end;
        -- parts go before sums, and small numbers before large ones
        price[i] := counts[i] + case levels[i] when 0 then 1000000000000 when 1 then 1000000 else 0 end;
    end loop;

    for small in 1..size loop
        continue when not is_small[small];
        -- downwards to 1, then upwards to the minimum − 1
        foreach is_upwards in array array[false, true] loop
            flow := counts;
            if is_upwards then
                wanted := greatest(minimum - 1 - counts[small], 0);
                first := head[small];
                last := tail[small];
            else
                wanted := least(counts[small] - 1, minimum - 2);
                first := tail[small];
                last := head[small];
            end if;
            while wanted > 0 loop
                -- the cheapest way round, by counts that can still rise or fall: by those that
                -- are withheld already, which costs nothing, else by any
                foreach is_any in array array[false, true] loop
                    cost := array_fill(endless, array[cardinality(sums)]);
                    via := array_fill(0, array[cardinality(sums)]);
                    cost[first] := 0;
                    loop
                        is_better := false;
                        foreach arc in array case when is_any then every_arc else hidden end loop
                            continue when arc = small;
                            place := tail[arc];
                            other := head[arc];
                            room := case when is_withheld[arc] then 0 else price[arc] end;
                            if cost[place] + room < cost[other] and flow[arc] < high[arc] then
                                cost[other] := cost[place] + room;
                                via[other] := arc;
                                is_better := true;
                            elsif cost[other] + room < cost[place] and flow[arc] > low[arc] then
                                cost[place] := cost[other] + room;
                                via[place] := -arc;
                                is_better := true;
                            end if;
                        end loop;
                        exit when not is_better;
                    end loop;
                    exit when cost[last] < endless;
                end loop;
                -- nothing makes room: the whole table is withheld
                if cost[last] = endless then
                    return array(
                        select case lev.level when 0 then 1 else 2 end
                        from unnest(levels) with ordinality as lev (level, number)
                        order by lev.number
                    );
                end if;
                room := wanted;
                place := last;
                while place <> first loop
                    arc := via[place];
                    if arc > 0 then
                        room := least(room, high[arc] - flow[arc]);
                        place := tail[arc];
                    else
                        room := least(room, flow[-arc] - low[-arc]);
                        place := head[-arc];
                    end if;
                end loop;
                place := last;
                while place <> first loop
                    arc := via[place];
                    if not is_withheld[abs(arc)] then
                        is_withheld[abs(arc)] := true;
                        hidden := hidden || abs(arc);
                    end if;
                    flow[abs(arc)] := flow[abs(arc)] + sign(arc) * room;
                    place := case when arc > 0 then tail[arc] else head[-arc] end;
                end loop;
                wanted := wanted - room;
            end loop;
        end loop;
    end loop;

    -- people of a sum across, of which a part is withheld, are withheld too; all are where the
    -- total is: those of one of its parts would tell the least that the others can be
    into_small := array_fill(0, array[cardinality(sums)]);
    foreach arc in array hidden loop
        into_small[head[arc]] := greatest(into_small[head[arc]], levels[arc]);
        is_total_withheld := is_total_withheld or levels[arc] = 0;
    end loop;
    for i in 1..size loop
        found[i] := case
            when is_beneath[i] then 2
            when is_withheld[i] then 1
            when is_total_withheld or levels[i] > 0 and into_small[tail[i]] > levels[i] then 3
            else 0
        end;
    end loop;
    return found;
end
{%- endmacro %}
