-- One row per transcript, version of the formulas and role: the sums behind the score of customer or agent.
SELECT
    transcript_id,
    formula_version,
    role,
    sum(value_sum) AS value_sum,
    sum(sentence_count - confidence_missing_count) AS rated_sentence_count
FROM {{ source('call_sentiment', 'speaker_scores') }}
WHERE role IN ('customer', 'agent')
GROUP BY transcript_id, formula_version, role
