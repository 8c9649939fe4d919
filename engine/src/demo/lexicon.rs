//! Words that the demo's companies and people are named from.

mod people;

pub use people::{Language, Order};

/// A country that customers come from.
#[derive(Debug)]
pub struct Country {
    /// ISO 3166 code.
    pub code: &'static str,
    /// The sales region: AMER, EMEA or APAC.
    pub region: &'static str,
    /// What its people are called.
    pub language: &'static Language,
    /// Telephone numbers that no one has: the ranges that regulators keep for films, or 555.
    /// Each `#` stands for a digit.
    pub phones: &'static [&'static str],
    /// How many customers come from there, in parts.
    pub weight: u32,
}

const fn country(
    code: &'static str,
    region: &'static str,
    language: &'static Language,
    phones: &'static [&'static str],
    weight: u32,
) -> Country {
    Country {
        code,
        region,
        language,
        phones,
        weight,
    }
}

const US_PHONES: &[&str] = &[
    "+1 202-555-01##",
    "(312) 555-01##",
    "+1 (415) 555-01##",
    "646.555.01##",
];
const UK_PHONES: &[&str] = &["+44 20 7946 0###", "020 7946 0###", "+44 161 496 0###"];
const DE_PHONES: &[&str] = &["+49 30 23125 ###", "030 23125-###", "+49 (0)69 90009 ###"];
const FR_PHONES: &[&str] = &["+33 1 99 00 ## ##", "01 99 00 ## ##", "+33 6 39 98 ## ##"];
const AU_PHONES: &[&str] = &["+61 2 5550 ####", "(03) 5550 ####", "+61 491 570 1##"];
const WORLD_PHONES: &[&str] = &["+1 202-555-01##", "+353 20 91# ####", "+46 31-390 06 ##"];

/// Where customers come from.
pub const COUNTRIES: &[Country] = &[
    country("US", "AMER", &people::ENGLISH, US_PHONES, 30),
    country("CA", "AMER", &people::ENGLISH, US_PHONES, 5),
    country("MX", "AMER", &people::SPANISH, WORLD_PHONES, 3),
    country("BR", "AMER", &people::PORTUGUESE, WORLD_PHONES, 5),
    country("GB", "EMEA", &people::ENGLISH, UK_PHONES, 8),
    country("DE", "EMEA", &people::GERMAN, DE_PHONES, 8),
    country("FR", "EMEA", &people::FRENCH, FR_PHONES, 6),
    country("ES", "EMEA", &people::SPANISH, WORLD_PHONES, 3),
    country("PT", "EMEA", &people::PORTUGUESE, WORLD_PHONES, 2),
    country("SE", "EMEA", &people::SWEDISH, WORLD_PHONES, 2),
    country("PL", "EMEA", &people::POLISH, WORLD_PHONES, 3),
    country("UA", "EMEA", &people::UKRAINIAN, WORLD_PHONES, 2),
    country("TR", "EMEA", &people::TURKISH, WORLD_PHONES, 2),
    country("AE", "EMEA", &people::ARABIC, WORLD_PHONES, 2),
    country("NG", "EMEA", &people::NIGERIAN, WORLD_PHONES, 2),
    country("IN", "APAC", &people::INDIAN, WORLD_PHONES, 6),
    country("JP", "APAC", &people::JAPANESE, WORLD_PHONES, 5),
    country("KR", "APAC", &people::KOREAN, WORLD_PHONES, 3),
    country("SG", "APAC", &people::CHINESE, WORLD_PHONES, 2),
    country("AU", "APAC", &people::ENGLISH, AU_PHONES, 4),
    country("VN", "APAC", &people::VIETNAMESE, WORLD_PHONES, 2),
];

/// First words of company names.
pub const COMPANY_FIRST: &[&str] = &[
    "Amber",
    "Atlas",
    "Beacon",
    "Birch",
    "Blue",
    "Bright",
    "Cedar",
    "Clear",
    "Cobalt",
    "Copper",
    "Coral",
    "Crescent",
    "Delta",
    "Drift",
    "Eagle",
    "East",
    "Ember",
    "Evergreen",
    "Falcon",
    "Fern",
    "First",
    "Forge",
    "Glacier",
    "Golden",
    "Granite",
    "Green",
    "Harbor",
    "Hazel",
    "Horizon",
    "Iron",
    "Ivory",
    "Juniper",
    "Keystone",
    "Lantern",
    "Lark",
    "Linden",
    "Lunar",
    "Maple",
    "Meridian",
    "Mesa",
    "Mint",
    "Morning",
    "North",
    "Nova",
    "Oak",
    "Ocean",
    "Olive",
    "Onyx",
    "Opal",
    "Orchard",
    "Otter",
    "Pebble",
    "Pine",
    "Polar",
    "Prairie",
    "Quartz",
    "Raven",
    "Red",
    "River",
    "Rowan",
    "Saffron",
    "Sage",
    "Silver",
    "Slate",
    "Solar",
    "Spruce",
    "Sterling",
    "Summit",
    "Swift",
    "Tall",
    "Tidal",
    "Timber",
    "True",
    "Umber",
    "Velvet",
    "Violet",
    "West",
    "Willow",
    "Winter",
    "Zephyr",
];

/// Second words of company names.
pub const COMPANY_SECOND: &[&str] = &[
    "Bank",
    "Bay",
    "Bridge",
    "Brook",
    "Cart",
    "Cloud",
    "Craft",
    "Creek",
    "Data",
    "Energy",
    "Farm",
    "Field",
    "Foods",
    "Freight",
    "Games",
    "Garden",
    "Gate",
    "Health",
    "Hill",
    "Home",
    "Labs",
    "Lane",
    "Learning",
    "Logic",
    "Market",
    "Media",
    "Mobility",
    "Networks",
    "Outfitters",
    "Pay",
    "Peak",
    "Press",
    "Robotics",
    "Shop",
    "Software",
    "Stone",
    "Studios",
    "Systems",
    "Travel",
    "Works",
];

/// What stands behind a company's name, if anything.
pub const COMPANY_SUFFIX: &[&str] = &["", "", "", " Inc", " Ltd", " GmbH", " SA", " Co", " Group"];

/// What customers do.
pub const INDUSTRIES: &[&str] = &[
    "retail",
    "software",
    "media",
    "finance",
    "healthcare",
    "education",
    "gaming",
    "logistics",
    "travel",
    "energy",
    "public sector",
    "manufacturing",
];

/// What the people in `crm.contacts` do.
pub const ROLES: &[&str] = &[
    "billing",
    "technical",
    "owner",
    "security",
    "procurement",
    "developer",
];

/// Autonomous systems: (number, name, country). The numbers are those kept for documentation and
/// for private use.
pub const NETWORKS: &[(i64, &str, &str)] = &[
    (64_496, "Example Telecom", "US"),
    (64_497, "Example Broadband", "US"),
    (64_498, "Nordlicht Netz", "DE"),
    (64_499, "Reseau Lumiere", "FR"),
    (64_500, "Quiet Harbor Hosting", "NL"),
    (64_501, "Sakura Line", "JP"),
    (64_502, "Han River Networks", "KR"),
    (64_503, "Ganga Fibre", "IN"),
    (64_504, "Rio Norte Internet", "BR"),
    (64_505, "Southern Cross Access", "AU"),
    (64_506, "Baltic Transit", "PL"),
    (64_507, "Anatolia Mobile", "TR"),
    (64_508, "Lion City Data Centres", "SG"),
    (64_509, "Lagos Wireless", "NG"),
    (64_510, "Dnipro Online", "UA"),
    (64_511, "Albion Cable", "GB"),
    (65_536, "Maple Backbone", "CA"),
    (65_537, "Gulf Exchange", "AE"),
    (65_538, "Mekong Telecom", "VN"),
    (65_539, "Iberia Conecta", "ES"),
    (65_540, "Rented Cloud East", "US"),
    (65_541, "Rented Cloud West", "US"),
    (65_542, "Skandia Fiber", "SE"),
    (65_543, "Azteca Redes", "MX"),
];

/// The network whose traffic turns into bots in the last two days.
pub const BOT_NETWORK: i64 = 64_500;

/// Paths that the sampled requests ask for, with a share in parts.
pub const PATHS: &[(&str, u32)] = &[
    ("/", 20),
    ("/index.html", 6),
    ("/assets/app.js", 12),
    ("/assets/app.css", 10),
    ("/images/hero.webp", 9),
    ("/api/v1/items", 12),
    ("/api/v1/cart", 6),
    ("/login", 7),
    ("/checkout", 3),
    ("/search", 6),
    ("/robots.txt", 2),
    ("/sitemap.xml", 1),
    ("/wp-login.php", 4),
    ("/.env", 2),
];
