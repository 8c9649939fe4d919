//! Traffic at the edge: zones, domain ranks, bot scores, sampled requests.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rand::Rng;
use rand::seq::SliceRandom;

use super::calendar::{DAY_MINUTES, MINUTE_MICROS, micros};
use super::company::Company;
use super::lexicon::{BOT_NETWORK, NETWORKS, PATHS};
use super::people::ipv4;
use super::random::{pick, skewed, weighted, word};

/// Days of domain ranks, today included.
pub const RANK_DAYS: u64 = 30;

/// Ranks of a day.
pub const RANKS: i32 = 1_000;

/// Of the domains that signed up today, so many are among the day's first hundred.
pub const SIGNUPS_IN_TOP_100: usize = 4;

/// Hours of bot scores.
const BOT_HOURS: i64 = 14 * 24;

/// Hours of sampled requests.
const SAMPLE_HOURS: i64 = 72;

/// One of so many requests is kept.
pub const SAMPLE_INTERVAL: i32 = 100;

const HOUR_MICROS: i64 = 60 * MINUTE_MICROS;

/// A domain on the network.
#[derive(Debug, Clone)]
pub struct Zone {
    pub id: i64,
    pub account_id: i64,
    pub domain: String,
    pub plan: &'static str,
    pub signed_up_at_micros: i64,
    pub signed_up_on: NaiveDate,
    pub active: bool,
    /// Traffic against others.
    weight: f64,
}

/// All zones, by id. The last ones signed up today.
pub fn zones(company: &Company) -> Vec<Zone> {
    let mut rng = company.seed.stream("zones");
    let calendar = company.calendar;
    let mut zones = Vec::new();
    let push = |zones: &mut Vec<Zone>, account: usize, domain: String, at: i64, weight: f64| {
        let Some(account) = company.accounts.get(account) else {
            return;
        };
        let days = (at - micros(calendar.today())).div_euclid(DAY_MINUTES * MINUTE_MICROS);
        zones.push(Zone {
            id: 400_000 + i64::try_from(zones.len()).unwrap_or_default(),
            account_id: account.id,
            domain,
            plan: account.plan.name(),
            signed_up_at_micros: at,
            signed_up_on: calendar.days_ago(days.min(0).unsigned_abs()),
            active: account.open_on(calendar.today()),
            weight,
        });
    };
    let end = calendar.as_of_micros();
    let mut last_customer = None;
    for (index, account) in company.accounts.iter().enumerate() {
        let Some(customer) = company.customer_of(account) else {
            continue;
        };
        let count = weighted(&mut rng, &[(1, 60), (2, 25), (4, 10), (9, 5)]).unwrap_or(1);
        for number in 0..count {
            let domain = match number {
                // A customer's accounts stand side by side; the first one holds the main domain.
                0 if last_customer != Some(customer.id) => customer.domain.clone(),
                _ => format!(
                    "{}{}-{}",
                    word(
                        &mut rng,
                        &["shop", "app", "api", "blog", "cdn", "docs", "img", "go"]
                    ),
                    account.id % 100_000 * 10 + number,
                    customer.domain
                ),
            };
            let start = micros(account.created_on).min(micros(calendar.days_ago(1)));
            let at = rng.random_range(start..micros(calendar.today()));
            let weight = account.size * skewed(&mut rng, 1.0);
            push(&mut zones, index, domain, at, weight);
            last_customer = Some(customer.id);
        }
    }
    let open: Vec<usize> = company
        .accounts
        .iter()
        .enumerate()
        .filter(|(_, account)| account.open_on(calendar.today()))
        .map(|(index, _)| index)
        .collect();
    let today = (company.accounts.len() / 50).max(SIGNUPS_IN_TOP_100 * 3);
    for number in 0..today {
        let Some(account) = pick(&mut rng, &open).copied() else {
            break;
        };
        let at = rng.random_range(micros(calendar.today())..end.max(micros(calendar.today()) + 1));
        let domain = format!(
            "launch{number}-{}.example",
            word(&mut rng, &["day", "pad", "now"])
        );
        // A few new domains are what everybody talks about today.
        let weight = if number < SIGNUPS_IN_TOP_100 {
            1e6
        } else {
            0.05
        };
        push(&mut zones, account, domain, at, weight);
    }
    zones
}

/// A row of `lake.edge.domain_ranks`.
#[derive(Debug, Clone)]
pub struct Rank {
    pub day: NaiveDate,
    pub rank: i32,
    pub domain: String,
    /// Empty for a domain that is not a customer's.
    pub zone_id: Option<i64>,
    pub requests: i64,
}

/// The ranks of every day, by day and rank.
pub fn domain_ranks(company: &Company, zones: &[Zone]) -> Vec<Rank> {
    let mut rng = company.seed.stream("domain_ranks");
    let strangers: Vec<String> = (0..400)
        .map(|n| {
            format!(
                "{}{n}.example",
                word(&mut rng, &["site", "portal", "news", "wiki"])
            )
        })
        .collect();
    let mut ranks = Vec::new();
    for back in (0..RANK_DAYS).rev() {
        let day = company.calendar.days_ago(back);
        let mut drawn: Vec<(f64, &str, Option<i64>)> = zones
            .iter()
            .filter(|zone| zone.active && zone.signed_up_on <= day)
            .map(|zone| {
                let jitter = 0.8 + 0.4 * rng.random::<f64>();
                (zone.weight * jitter, zone.domain.as_str(), Some(zone.id))
            })
            .collect();
        for (index, domain) in (1_i32..).zip(&strangers) {
            let jitter = 0.9 + 0.2 * rng.random::<f64>();
            drawn.push((900.0 / f64::from(index) * jitter, domain, None));
        }
        drawn.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        spread_newcomers(&mut rng, &mut drawn);
        let part_of_day = if back == 0 {
            company.calendar.minutes_today() as f64 / DAY_MINUTES as f64
        } else {
            1.0
        };
        for (rank, (_, domain, zone_id)) in (1..=RANKS).zip(drawn) {
            // Requests fall with the rank as in every such list, and never rise from one to the next.
            let requests = 8e8 / f64::from(rank).powf(0.9) * part_of_day;
            ranks.push(Rank {
                day,
                rank,
                domain: domain.to_owned(),
                zone_id,
                requests: requests as i64,
            });
        }
    }
    ranks
}

/// Moves the day's talked-about newcomers from the very top to places within the first hundred.
fn spread_newcomers(rng: &mut impl Rng, drawn: &mut Vec<(f64, &str, Option<i64>)>) {
    let newcomers = drawn
        .iter()
        .take_while(|(weight, ..)| *weight > 1e5)
        .count();
    let mut places: Vec<usize> = (newcomers..95).collect();
    places.shuffle(rng);
    let mut places: Vec<usize> = places.into_iter().take(newcomers).collect();
    places.sort_unstable();
    let moved: Vec<_> = drawn.drain(..newcomers).collect();
    for (place, newcomer) in places.into_iter().zip(moved) {
        drawn.insert(place.min(drawn.len()), newcomer);
    }
}

/// A row of `lake.edge.bot_scores`.
#[derive(Debug)]
pub struct BotScore {
    pub hour_micros: i64,
    pub asn: i64,
    pub network: &'static str,
    pub country: &'static str,
    /// 0 surely human, 1 surely a bot.
    pub score: f64,
    pub requests: i64,
}

/// Hourly scores by network and country, by hour.
pub fn bot_scores(company: &Company) -> Vec<BotScore> {
    let mut rng = company.seed.stream("bot_scores");
    let end = company.calendar.as_of_micros();
    let last_hour = end.div_euclid(HOUR_MICROS) * HOUR_MICROS;
    let mut usual: BTreeMap<(i64, &str), (f64, f64)> = BTreeMap::new();
    let mut scores = Vec::new();
    for back in (0..BOT_HOURS).rev() {
        let hour = last_hour - back * HOUR_MICROS;
        for (index, (asn, network, home)) in NETWORKS.iter().enumerate() {
            let abroad = NETWORKS
                .get((index + 7) % NETWORKS.len())
                .map_or("US", |(_, _, country)| *country);
            for country in [*home, abroad] {
                let (base, volume) = *usual.entry((*asn, country)).or_insert_with(|| {
                    let volume = 40_000.0 * skewed(&mut rng, 1.0);
                    (0.08 + 0.5 * rng.random::<f64>(), volume)
                });
                let attacked = *asn == BOT_NETWORK && back < 48;
                let score = if attacked {
                    0.91 + 0.085 * rng.random::<f64>()
                } else {
                    (base + 0.3 * (rng.random::<f64>() - 0.5)).clamp(0.01, 0.89)
                };
                let swell = if attacked {
                    12.0
                } else {
                    0.6 + 0.8 * rng.random::<f64>()
                };
                scores.push(BotScore {
                    hour_micros: hour,
                    asn: *asn,
                    network,
                    country,
                    score: (score * 1e4).round() / 1e4,
                    requests: (volume * swell) as i64,
                });
            }
        }
    }
    scores
}

/// A row of `lake.edge.request_samples`.
#[derive(Debug)]
pub struct RequestSample {
    pub at_micros: i64,
    pub ray_id: String,
    pub zone_id: i64,
    pub host: String,
    pub client_ip: String,
    pub asn: i64,
    pub country: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub status: i32,
    pub cache_status: &'static str,
    pub bytes: i64,
    pub bot_score: f64,
}

/// Sampled requests of the last three days, by time.
pub fn request_samples(company: &Company, zones: &[Zone], count: usize) -> Vec<RequestSample> {
    let mut rng = company.seed.stream("request_samples");
    let active: Vec<&Zone> = zones.iter().filter(|zone| zone.active).collect();
    // A zone appears as often as the square root of its traffic: enough of the small ones too.
    let mut until = Vec::with_capacity(active.len());
    let mut total = 0.0;
    for zone in &active {
        total += zone.weight.min(1_000.0).sqrt();
        until.push(total);
    }
    let end = company.calendar.as_of_micros();
    let span = SAMPLE_HOURS * HOUR_MICROS;
    let mut samples = Vec::with_capacity(count);
    for index in 0..count {
        let at = end - span
            + span / i64::try_from(count.max(1)).unwrap_or(1) * i64::try_from(index).unwrap_or(0);
        let drawn = rng.random::<f64>() * total;
        let place = until.partition_point(|limit| *limit < drawn);
        let Some(zone) = active.get(place.min(active.len().saturating_sub(1))) else {
            break;
        };
        let attack = rng.random_bool(0.15) && at > end - 48 * HOUR_MICROS;
        let network = if attack {
            NETWORKS.iter().find(|(asn, ..)| *asn == BOT_NETWORK)
        } else {
            NETWORKS.get(rng.random_range(0..NETWORKS.len()))
        };
        let (asn, _, country) = network.copied().unwrap_or((0, "", "US"));
        let path = if attack {
            "/login"
        } else {
            weighted(&mut rng, PATHS).unwrap_or("/")
        };
        let status = status(&mut rng, path, attack);
        let cached = path.starts_with("/assets") || path.starts_with("/images");
        samples.push(RequestSample {
            at_micros: at,
            ray_id: format!("{:016x}", rng.random::<u64>()),
            zone_id: zone.id,
            host: zone.domain.clone(),
            client_ip: ipv4(&mut rng),
            asn,
            country,
            method: if path == "/login" || path == "/checkout" {
                "POST"
            } else {
                "GET"
            },
            path,
            status,
            cache_status: match (cached, rng.random_range(0..10)) {
                (true, 0) => "MISS",
                (true, _) => "HIT",
                (false, _) => "DYNAMIC",
            },
            bytes: rng.random_range(200..60_000),
            bot_score: if attack {
                0.9 + 0.1 * rng.random::<f64>()
            } else {
                rng.random::<f64>() * 0.8
            },
        });
    }
    samples
}

fn status(rng: &mut impl Rng, path: &str, attack: bool) -> i32 {
    if attack {
        return weighted(rng, &[(403, 6), (429, 3), (401, 1)]).unwrap_or(403);
    }
    match path {
        "/.env" | "/wp-login.php" => 404,
        _ => weighted(
            rng,
            &[(200, 88), (301, 4), (304, 4), (404, 2), (500, 1), (503, 1)],
        )
        .unwrap_or(200),
    }
}
