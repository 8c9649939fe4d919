//! People's names as they are written at home, with the Latin spelling that e-mail addresses use.

/// In which order a name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// "Ana Souza".
    GivenFirst,
    /// "Nguyễn An".
    FamilyFirst,
    /// "김민준": family name first and nothing between.
    FamilyFirstJoined,
}

/// Names of one language, each with its Latin spelling.
#[derive(Debug)]
pub struct Language {
    /// Given names.
    pub given: &'static [(&'static str, &'static str)],
    /// Family names.
    pub family: &'static [(&'static str, &'static str)],
    /// How the two are put together.
    pub order: Order,
}

pub const ENGLISH: Language = Language {
    given: &[
        ("Olivia", "olivia"),
        ("Noah", "noah"),
        ("Emma", "emma"),
        ("Liam", "liam"),
        ("Grace", "grace"),
        ("Henry", "henry"),
        ("Zoë", "zoe"),
        ("Jack", "jack"),
        ("Ruth", "ruth"),
        ("Samuel", "samuel"),
        ("Chloe", "chloe"),
        ("Daniel", "daniel"),
        ("Hannah", "hannah"),
        ("Owen", "owen"),
        ("Priya", "priya"),
        ("Marcus", "marcus"),
        ("Ellen", "ellen"),
        ("Thomas", "thomas"),
        ("Abigail", "abigail"),
        ("Desmond", "desmond"),
    ],
    family: &[
        ("Smith", "smith"),
        ("Johnson", "johnson"),
        ("O'Brien", "obrien"),
        ("Taylor", "taylor"),
        ("Walker", "walker"),
        ("Hughes", "hughes"),
        ("Campbell", "campbell"),
        ("Young", "young"),
        ("MacLeod", "macleod"),
        ("Bennett", "bennett"),
        ("Foster", "foster"),
        ("Reed", "reed"),
        ("Carter", "carter"),
        ("Nash", "nash"),
        ("Whitfield", "whitfield"),
        ("Okafor", "okafor"),
        ("Ferguson", "ferguson"),
        ("Price", "price"),
    ],
    order: Order::GivenFirst,
};

pub const SPANISH: Language = Language {
    given: &[
        ("María", "maria"),
        ("José", "jose"),
        ("Lucía", "lucia"),
        ("Andrés", "andres"),
        ("Sofía", "sofia"),
        ("Diego", "diego"),
        ("Inés", "ines"),
        ("Joaquín", "joaquin"),
        ("Carmen", "carmen"),
        ("Raúl", "raul"),
        ("Ximena", "ximena"),
        ("Álvaro", "alvaro"),
    ],
    family: &[
        ("García", "garcia"),
        ("Núñez", "nunez"),
        ("Hernández", "hernandez"),
        ("Ibáñez", "ibanez"),
        ("Torres", "torres"),
        ("Peña", "pena"),
        ("Castillo", "castillo"),
        ("Vázquez", "vazquez"),
        ("Muñoz", "munoz"),
        ("Rojas", "rojas"),
        ("Iglesias", "iglesias"),
        ("Salas", "salas"),
    ],
    order: Order::GivenFirst,
};

pub const PORTUGUESE: Language = Language {
    given: &[
        ("João", "joao"),
        ("Ana", "ana"),
        ("Luísa", "luisa"),
        ("Mateus", "mateus"),
        ("Beatriz", "beatriz"),
        ("Rafael", "rafael"),
        ("Inês", "ines"),
        ("Caio", "caio"),
        ("Helena", "helena"),
        ("Tomás", "tomas"),
        ("Letícia", "leticia"),
        ("Davi", "davi"),
    ],
    family: &[
        ("Silva", "silva"),
        ("Souza", "souza"),
        ("Gonçalves", "goncalves"),
        ("Araújo", "araujo"),
        ("Ribeiro", "ribeiro"),
        ("Magalhães", "magalhaes"),
        ("Conceição", "conceicao"),
        ("Teixeira", "teixeira"),
        ("Barros", "barros"),
        ("Figueiredo", "figueiredo"),
        ("Lopes", "lopes"),
        ("Moura", "moura"),
    ],
    order: Order::GivenFirst,
};

pub const GERMAN: Language = Language {
    given: &[
        ("Jürgen", "juergen"),
        ("Anja", "anja"),
        ("Lukas", "lukas"),
        ("Käthe", "kaethe"),
        ("Björn", "bjoern"),
        ("Sabine", "sabine"),
        ("Felix", "felix"),
        ("Heike", "heike"),
        ("Matthias", "matthias"),
        ("Ulrike", "ulrike"),
        ("Jonas", "jonas"),
        ("Greta", "greta"),
    ],
    family: &[
        ("Müller", "mueller"),
        ("Schröder", "schroeder"),
        ("Weiß", "weiss"),
        ("Krüger", "krueger"),
        ("Hoffmann", "hoffmann"),
        ("Köhler", "koehler"),
        ("Baumgartner", "baumgartner"),
        ("Vogel", "vogel"),
        ("Lindner", "lindner"),
        ("Zimmermann", "zimmermann"),
        ("Böhm", "boehm"),
        ("Kessler", "kessler"),
    ],
    order: Order::GivenFirst,
};

pub const FRENCH: Language = Language {
    given: &[
        ("Chloé", "chloe"),
        ("François", "francois"),
        ("Amélie", "amelie"),
        ("Théo", "theo"),
        ("Élodie", "elodie"),
        ("Jérôme", "jerome"),
        ("Camille", "camille"),
        ("Benoît", "benoit"),
        ("Manon", "manon"),
        ("Loïc", "loic"),
        ("Agnès", "agnes"),
        ("Hugo", "hugo"),
    ],
    family: &[
        ("Lefèvre", "lefevre"),
        ("Dubois", "dubois"),
        ("Moreau", "moreau"),
        ("Garnier", "garnier"),
        ("Bérenger", "berenger"),
        ("Rousseau", "rousseau"),
        ("Chevalier", "chevalier"),
        ("Gauthier", "gauthier"),
        ("Besson", "besson"),
        ("Delaunay", "delaunay"),
        ("Marchand", "marchand"),
        ("Noël", "noel"),
    ],
    order: Order::GivenFirst,
};

pub const SWEDISH: Language = Language {
    given: &[
        ("Åsa", "asa"),
        ("Björn", "bjorn"),
        ("Linnéa", "linnea"),
        ("Göran", "goran"),
        ("Maja", "maja"),
        ("Nils", "nils"),
        ("Ebba", "ebba"),
        ("Sören", "soren"),
    ],
    family: &[
        ("Lindström", "lindstrom"),
        ("Sjöberg", "sjoberg"),
        ("Åkesson", "akesson"),
        ("Nyqvist", "nyqvist"),
        ("Hägglund", "hagglund"),
        ("Ekström", "ekstrom"),
        ("Dahl", "dahl"),
        ("Öberg", "oberg"),
    ],
    order: Order::GivenFirst,
};

pub const POLISH: Language = Language {
    given: &[
        ("Łukasz", "lukasz"),
        ("Małgorzata", "malgorzata"),
        ("Paweł", "pawel"),
        ("Agnieszka", "agnieszka"),
        ("Michał", "michal"),
        ("Zofia", "zofia"),
        ("Stanisław", "stanislaw"),
        ("Katarzyna", "katarzyna"),
    ],
    family: &[
        ("Wójcik", "wojcik"),
        ("Kowalczyk", "kowalczyk"),
        ("Zieliński", "zielinski"),
        ("Dąbrowska", "dabrowska"),
        ("Woźniak", "wozniak"),
        ("Król", "krol"),
        ("Jabłoński", "jablonski"),
        ("Pawlak", "pawlak"),
    ],
    order: Order::GivenFirst,
};

pub const UKRAINIAN: Language = Language {
    given: &[
        ("Олена", "olena"),
        ("Андрій", "andrii"),
        ("Ірина", "iryna"),
        ("Тарас", "taras"),
        ("Наталія", "nataliia"),
        ("Богдан", "bohdan"),
        ("Юлія", "yuliia"),
        ("Сергій", "serhii"),
    ],
    family: &[
        ("Шевченко", "shevchenko"),
        ("Коваленко", "kovalenko"),
        ("Бондаренко", "bondarenko"),
        ("Ткаченко", "tkachenko"),
        ("Мельник", "melnyk"),
        ("Кравчук", "kravchuk"),
        ("Поліщук", "polishchuk"),
        ("Гончар", "honchar"),
    ],
    order: Order::GivenFirst,
};

pub const TURKISH: Language = Language {
    given: &[
        ("Ayşe", "ayse"),
        ("Mehmet", "mehmet"),
        ("Çiğdem", "cigdem"),
        ("Oğuz", "oguz"),
        ("Elif", "elif"),
        ("Emre", "emre"),
        ("Gülşen", "gulsen"),
        ("İbrahim", "ibrahim"),
    ],
    family: &[
        ("Yılmaz", "yilmaz"),
        ("Öztürk", "ozturk"),
        ("Şahin", "sahin"),
        ("Çelik", "celik"),
        ("Doğan", "dogan"),
        ("Koç", "koc"),
        ("Aydın", "aydin"),
        ("Güneş", "gunes"),
    ],
    order: Order::GivenFirst,
};

pub const ARABIC: Language = Language {
    given: &[
        ("محمد", "mohammed"),
        ("فاطمة", "fatima"),
        ("أحمد", "ahmed"),
        ("ليلى", "layla"),
        ("يوسف", "yousef"),
        ("مريم", "maryam"),
        ("خالد", "khalid"),
        ("نور", "noor"),
    ],
    family: &[
        ("الهاشمي", "alhashimi"),
        ("النجار", "alnajjar"),
        ("حداد", "haddad"),
        ("منصور", "mansour"),
        ("السويدي", "alsuwaidi"),
        ("خوري", "khoury"),
        ("الفارسي", "alfarsi"),
        ("سليم", "saleem"),
    ],
    order: Order::GivenFirst,
};

pub const NIGERIAN: Language = Language {
    given: &[
        ("Chinedu", "chinedu"),
        ("Ngozi", "ngozi"),
        ("Babátúndé", "babatunde"),
        ("Amina", "amina"),
        ("Ifeoma", "ifeoma"),
        ("Emeka", "emeka"),
        ("Folake", "folake"),
        ("Yusuf", "yusuf"),
    ],
    family: &[
        ("Okonkwo", "okonkwo"),
        ("Adéyẹmí", "adeyemi"),
        ("Balogun", "balogun"),
        ("Eze", "eze"),
        ("Mohammed", "mohammed"),
        ("Nwosu", "nwosu"),
        ("Olatunji", "olatunji"),
        ("Obi", "obi"),
    ],
    order: Order::GivenFirst,
};

pub const INDIAN: Language = Language {
    given: &[
        ("Aarav", "aarav"),
        ("Ananya", "ananya"),
        ("Rohan", "rohan"),
        ("Kavya", "kavya"),
        ("Vikram", "vikram"),
        ("Meera", "meera"),
        ("Arjun", "arjun"),
        ("Sneha", "sneha"),
        ("Imran", "imran"),
        ("Lakshmi", "lakshmi"),
        ("Sanjay", "sanjay"),
        ("Divya", "divya"),
    ],
    family: &[
        ("Sharma", "sharma"),
        ("Iyer", "iyer"),
        ("Patel", "patel"),
        ("Reddy", "reddy"),
        ("Chatterjee", "chatterjee"),
        ("Khan", "khan"),
        ("Nair", "nair"),
        ("Singh", "singh"),
        ("Deshpande", "deshpande"),
        ("Gupta", "gupta"),
        ("Bose", "bose"),
        ("Rao", "rao"),
    ],
    order: Order::GivenFirst,
};

pub const JAPANESE: Language = Language {
    given: &[
        ("太郎", "taro"),
        ("花子", "hanako"),
        ("健太", "kenta"),
        ("美咲", "misaki"),
        ("翔太", "shota"),
        ("由美", "yumi"),
        ("直樹", "naoki"),
        ("さくら", "sakura"),
    ],
    family: &[
        ("山田", "yamada"),
        ("佐藤", "sato"),
        ("鈴木", "suzuki"),
        ("高橋", "takahashi"),
        ("渡辺", "watanabe"),
        ("伊藤", "ito"),
        ("小林", "kobayashi"),
        ("中村", "nakamura"),
    ],
    order: Order::FamilyFirst,
};

pub const KOREAN: Language = Language {
    given: &[
        ("민준", "minjun"),
        ("서연", "seoyeon"),
        ("지훈", "jihoon"),
        ("하은", "haeun"),
        ("도윤", "doyun"),
        ("수진", "sujin"),
        ("현우", "hyunwoo"),
        ("지민", "jimin"),
    ],
    family: &[
        ("김", "kim"),
        ("이", "lee"),
        ("박", "park"),
        ("최", "choi"),
        ("정", "jung"),
        ("강", "kang"),
        ("조", "cho"),
        ("윤", "yoon"),
    ],
    order: Order::FamilyFirstJoined,
};

pub const CHINESE: Language = Language {
    given: &[
        ("伟", "wei"),
        ("芳", "fang"),
        ("秀英", "xiuying"),
        ("敏", "min"),
        ("静", "jing"),
        ("磊", "lei"),
        ("晓明", "xiaoming"),
        ("建国", "jianguo"),
    ],
    family: &[
        ("王", "wang"),
        ("李", "li"),
        ("张", "zhang"),
        ("刘", "liu"),
        ("陈", "chen"),
        ("杨", "yang"),
        ("黄", "huang"),
        ("欧阳", "ouyang"),
    ],
    order: Order::FamilyFirstJoined,
};

pub const VIETNAMESE: Language = Language {
    given: &[
        ("Văn An", "van.an"),
        ("Thị Hoa", "thi.hoa"),
        ("Minh Đức", "minh.duc"),
        ("Ngọc Ánh", "ngoc.anh"),
        ("Quốc Bảo", "quoc.bao"),
        ("Thu Hằng", "thu.hang"),
    ],
    family: &[
        ("Nguyễn", "nguyen"),
        ("Trần", "tran"),
        ("Lê", "le"),
        ("Phạm", "pham"),
        ("Vũ", "vu"),
        ("Đặng", "dang"),
    ],
    order: Order::FamilyFirst,
};
