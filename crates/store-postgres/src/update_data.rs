//! Attaching attributes: one statement for a batch of different sessions.

use std::collections::HashSet;

use domain::{
    Error,
    error::Malformed,
    session::{Document, Revision, Session},
    store::{UpdateData, Updated},
};
use sqlx::Row;

use crate::{Store, batch, error};

/// Changes what is to be changed and says of the rest, in the same snapshot, why not.
///
/// An UPDATE that had to wait for another one applies the rule to what that one left. If nothing is then left to
/// change, the second half still sees the older row, says 'changed' of it, and the item has to be sent again.
const STATEMENT: &str = "
    WITH request AS MATERIALIZED (
        SELECT place, tenant_id, id, attributes::jsonb, max_attributes
        FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[])
             WITH ORDINALITY AS items(tenant_id, id, attributes, max_attributes, place)
    ), changed AS (
        UPDATE channel_session AS session
        SET revision = session.revision + 1,
            document = (channel_session_update_data(
                session.document, request.attributes, request.max_attributes, $5)).updated
        FROM request
        WHERE session.tenant_id = request.tenant_id AND session.id = request.id
          AND (channel_session_update_data(
                session.document, request.attributes, request.max_attributes, $5)).status = 'changed'
        RETURNING request.place, session.revision, session.document::text
    )
    SELECT place, 'updated' AS status, NULL::integer AS counted, revision, document FROM changed
    UNION ALL
    SELECT request.place, coalesce(rule.status, 'not_found'), rule.counted, session.revision,
           CASE rule.status WHEN 'unchanged' THEN session.document::text END
    FROM request
    LEFT JOIN channel_session AS session
           ON session.tenant_id = request.tenant_id AND session.id = request.id
    LEFT JOIN LATERAL channel_session_update_data(
                session.document, request.attributes, request.max_attributes, $5) AS rule ON true
    WHERE request.place NOT IN (SELECT place FROM changed)";

/// Runs a wave: every session at most once.
pub(crate) async fn run(store: &Store, wave: Vec<UpdateData>) -> Vec<Result<Updated, Error>> {
    let mut results: Vec<_> = wave.iter().map(|_| None).collect();
    while results.iter().any(Option::is_none) {
        round(store, &wave, &mut results).await;
    }
    results.into_iter().flatten().collect()
}

/// Sends the items that are open. One that lost a race stays open.
async fn round(store: &Store, wave: &[UpdateData], results: &mut batch::Results<Updated>) {
    let begun = batch::begin(store, wave, |item| &item.attempt, results).await;
    let Some((mut connection, sent)) = begun else { return };
    let items = || sent.iter().map(|&at| &wave[at]);
    let query = sqlx::query(STATEMENT)
        .bind(items().map(|item| item.tenant.as_str()).collect::<Vec<_>>())
        .bind(items().map(|item| item.id.as_str()).collect::<Vec<_>>())
        .bind(items().map(|item| item.attributes.to_text()).collect::<Vec<_>>())
        .bind(items().map(|item| i32::try_from(item.max_attributes).unwrap_or(i32::MAX)).collect::<Vec<_>>())
        .bind(i32::try_from(Document::MAX_BYTES).unwrap_or(i32::MAX));
    let rows = match query.fetch_all(&mut *connection).await {
        Ok(rows) => rows,
        // Nothing of the statement was done; sent again, it waits its turn.
        Err(error) if error::is_conflict(&error) => return,
        Err(error) => return error::for_each(&sent, results, &error::of_write(error)),
    };
    let mut unanswered: HashSet<usize> = sent.iter().copied().collect();
    for row in rows {
        match read(&row, &sent, wave) {
            Ok((at, result)) => {
                unanswered.remove(&at);
                results[at] = result;
            }
            Err(error) => return error::for_each(&sent, results, &error::of_write(error)),
        }
    }
    for at in unanswered {
        results[at] = Some(Err(batch::missing()));
    }
}

/// The item that a row is about, and what became of it; `None` for one that lost a race.
fn read(
    row: &sqlx::postgres::PgRow,
    sent: &[usize],
    wave: &[UpdateData],
) -> Result<(usize, Option<Result<Updated, Error>>), sqlx::Error> {
    let place: i64 = row.try_get(0)?;
    let at = usize::try_from(place - 1).ok().and_then(|place| sent.get(place)).copied();
    let at = at.ok_or_else(|| sqlx::Error::Decode("a row is about no item".into()))?;
    let id = &wave[at].id;
    let status: &str = row.try_get(1)?;
    let found = || row.try_get::<i32, _>(2).map(|found| usize::try_from(found).unwrap_or(0));
    let updated = |changed| {
        let revision = Revision::new(row.try_get(3)?);
        let session = Session { id: id.clone(), revision, document: row.try_get(4)? };
        Ok::<_, sqlx::Error>(Updated { session, changed })
    };
    let result = match status {
        "updated" => Ok(updated(true)?),
        "unchanged" => Ok(updated(false)?),
        "changed" => return Ok((at, None)),
        "not_found" => Err(Error::NotFound(id.clone())),
        "not_active" => Err(Error::NotActive(id.clone())),
        "channel_data_malformed" => Err(Error::ChannelDataMalformed(Malformed::ChannelData)),
        "additional_attributes_malformed" => {
            Err(Error::ChannelDataMalformed(Malformed::AdditionalAttributes))
        }
        "too_many_attributes" => {
            Err(Error::TooManyAttributes { found: found()?, limit: wave[at].max_attributes })
        }
        "document_too_large" => Err(Error::DocumentTooLarge { found: found()?, limit: Document::MAX_BYTES }),
        other => Err(Error::Internal(format!("the update rule answered {other:?}").into())),
    };
    Ok((at, Some(result)))
}
