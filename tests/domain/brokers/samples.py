# ruff: noqa: E501  a broker's line is as long as it is
"""Small files in the shape of each broker's export, all names and numbers made up."""

from __future__ import annotations

# fmt: off
SCHWAB = ('"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"\n'
          '"04/27/2023","Buy","BND","A BOND FUND","1,045","$73.7789","","-$77098.95"\n'
          '"04/18/2023","Sell","BND","A BOND FUND","10.065","$73.4049","$0.01","$738.81"\n'
          '"04/17/2023 as of 04/15/2023","Bank Interest","","BANK INT","","","","$0.03"\n'
          '"03/01/2023","Buy to Close","TSLA  230317P00180000","TESLA PUT","2","$3.10","$1.30","-$621.30"\n'
          '"02/15/2023","MoneyLink Transfer","","TFR A BANK","","","","$980.65"\n'
          '"01/20/2023","Reverse Split","TNX","TONI PHARMA","10","","",""\n'
          '"01/20/2023","Reverse Split","890260854","TONI PHARMA XXXREVERSE SPLIT","-320","","",""\n'
          '"01/10/2023","Stock Split","AVG","BROAD INC","9","$170","",""\n'
          '"01/05/2023","Something New","X","Y","","","","$1.00"\n'
          '"Transactions Total","","","","","","","-$75,999.46"\n')
ROBINHOOD = ('"Activity Date","Process Date","Settle Date","Instrument","Description","Trans Code","Quantity","Price","Amount"\n'
             '"7/24/2025","7/24/2025","7/25/2025","DNT","Crispy\nCUSIP: 1","Sell","111","$4.28","$475.33"\n'
             '"6/27/2025","6/27/2025","6/27/2025","APL","Option Expiration for APL 6/27/2025 Call $10.00","OEXP","2S","",""\n'
             '"6/25/2025","6/25/2025","6/26/2025","APL","APL 6/27/2025 Call $10.00","BTC","3","$0.23","($69.13)"\n'
             '"6/20/2025","6/20/2025","6/20/2025","","ACH Deposit","ACH","","","$500.00"\n'
             '"6/19/2025","6/19/2025","6/19/2025","AAA","Cash Div","CDIV","","","$1.25"\n'
             '"6/18/2025","6/18/2025","6/18/2025","AAA","Odd","ZZZ","","","$1.25"\n'
             '"","","","","","","","",""\n"","","","","The data provided is for information only.","","","",""\n')
FIDELITY = ("\n\nRun Date,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),Fees ($),Accrued Interest ($),Amount ($),"
            "Cash Balance ($),Settlement Date\n"
            " 01/19/2024,YOU BOUGHT ACME INC (ACME) (Cash), ACME,ACME INC,Cash,10,20,1,0.02,,-201.02,798.98,01/23/2024\n"
            " 01/18/2024,YOU SOLD OPENING TRANSACTION CALL (ACME) ACME INC (100 SHS) (Margin), -ACME240216C25,CALL,Margin,-1,0.5,0.65,0.03,,"
            "49.32,,01/19/2024\n"
            " 01/17/2024,DIVIDEND RECEIVED ACME INC (ACME) (Cash), ACME,ACME INC,Cash,0,,,,,12.5,,\n"
            " 01/16/2024,Electronic Funds Transfer Received (Cash), ,No Description,Cash,0,,,,,1000,,\n"
            " 01/15/2024,MERGER MER PAYOUT #REORX, OLD,OLD INC,Cash,-5,,,,,100,,\n"
            '\n"The data and information in this spreadsheet is provided to you solely for your use."\n')
TRADING212 = ("Action,Time,ISIN,Ticker,Name,No. of shares,Price / share,Currency (Price / share),Exchange rate,Result,Currency (Result),Total,"
              "Currency (Total),Withholding tax,Currency (Withholding tax),Notes,ID,Currency conversion fee,Currency (Currency conversion fee)\n"
              'Deposit,2023-12-18 11:45:06.326,,,,,,,,,,31.00,"EUR",,,"x",id-1,,\n'
              'Market buy,2023-12-18 14:30:03.613,US0000000001,ACME,"Acme",0.5,50,USD,1.25,,"EUR",20.03,"EUR",,,,EOF1,0.03,"EUR"\n'
              'Market sell,2023-12-19 14:30:05.104,GB0000000002,LON,"London",2,500,GBX,0.8,1,"GBP",10.00,"GBP",,,,EOF2,,\n'
              'Dividend (Ordinary),2023-12-27 12:05:25,US0000000001,ACME,"Acme",0.5,0.23,USD,Not available,,,0.10,"EUR",0.02,EUR,,,,\n'
              'Stock distribution,2025-01-23 14:46:06.327,US1,PAL,"U",,EOF4,11.05,0.00,USD,,,"EUR",0.00,"EUR",,,,\n'
              'Stock split close,2025-03-24 07:24:24.095,CA1,ISO,"I",,EOF5,40,2.07,USD,1.03,0.00,"EUR",59.68,"EUR",,,,\n'
              'Stock split open,2025-03-24 07:24:24.104,CA1,ISO,"I",,EOF6,10,8.28,USD,1.03,,"EUR",59.68,"EUR",,,,\n')
DEGIRO = ("Datum,Tijd,Valutadatum,Product,ISIN,Omschrijving,FX,Mutatie,,Saldo,,Order Id\n"
          '15-12-2022,16:55,15-12-2022,ACME,US0000000001,Valuta Creditering,"1,0624",USD,"33,90",USD,"0,00",5925d76b-eb36-\n'
          ",,,,,,,,,,,0001\n"
          '15-12-2022,16:55,15-12-2022,ACME,US0000000001,Valuta Debitering,,EUR,"-31,91",EUR,"0,07",5925d76b-eb36-0001\n'
          '15-12-2022,16:55,15-12-2022,ACME,US0000000001,DEGIRO Transactiekosten en/of kosten van derden,,EUR,"-1,00",EUR,"31,98",'
          "5925d76b-eb36-0001\n"
          '15-12-2022,16:55,15-12-2022,ACME,US0000000001,"Koop 1 @ 33,9 USD",,USD,"-33,90",USD,"-33,90",5925d76b-eb36-0001\n'
          '14-12-2022,10:00,14-12-2022,BIG,NL0000000002,Comissões de transação DEGIRO e/ou taxas de terceiros,,EUR,-2.00,EUR,1,o-2\n'
          '14-12-2022,10:00,14-12-2022,BIG,NL0000000002,"Compra 1.000 BIG CO@2,005 EUR (NL0000000002)",,EUR,"-2.005,00",EUR,1,o-2\n'
          '13-12-2022,10:00,13-12-2022,AVI,GB0000000003,Sell 4 AVI@496 GBX (GB0000000003),,GBP,19.84,GBP,1,o-3\n'
          '12-12-2022,10:00,12-12-2022,OLD,US4,"PRODUCTWIJZIGING : Verkoop 500 @ 0,039 EUR",,EUR,0,EUR,1,\n'
          '12-12-2022,11:00,12-12-2022,NEW,US5,"PRODUCTWIJZIGING : Koop 250 @ 0,078 EUR",,EUR,0,EUR,1,\n'
          '11-12-2022,10:00,11-12-2022,,,iDEAL Deposit,,EUR,"27,80",EUR,1,\n'
          '11-12-2022,10:00,11-12-2022,X,NLFLATEXACNT,Degiro Cash Sweep Transfer,,EUR,"26,45",EUR,1,\n'
          '10-12-2022,10:00,10-12-2022,ACME,US0000000001,Dividendbelasting,,USD,"-0,07",USD,1,\n'
          '09-12-2022,10:00,09-12-2022,,,Iets onbekends,,EUR,"5,00",EUR,1,\n')
DEGIRO_TRANSACTIONS = (
    "Datum,Tijd,Product,ISIN,Beurs,Uitvoeringsplaats,Aantal,Koers,,Lokale waarde,,Waarde,,Wisselkoers,Transactiekosten en/of,,Totaal,,Order ID\n"
    '16-12-2022,10:00,ACME,US0000000001,NSY,XNAS,10,"50,0000",USD,"-500,00",USD,"-470,00",EUR,"1,0638","-1,00",EUR,"-471,00",EUR,o-1\n'
    '17-12-2022,11:00,BIG,NL0000000002,EAM,XAMS,-3,"20,5000",EUR,"61,50",EUR,"61,50",EUR,,"-2,00",EUR,"59,50",EUR,o-2\n'
    '18-12-2022,11:00,ODD,NL0000000003,EAM,XAMS,,"20,5000",EUR,"61,50",EUR,"61,50",EUR,,,EUR,"61,50",EUR,o-3\n')
DEGIRO_NEW = (
    "Date,Time,Product,ISIN,Reference exchange,Venue,Quantity,Price,,Local value,,Value EUR,Exchange rate,AutoFX Fee,"
    "Transaction and/or third party fees EUR,Total EUR,Order ID,\n"
    "16-12-2024,10:00,ACME,US0000000001,NSY,XNAS,10,50.0000,USD,-500.00,USD,-470.00,1.0638,-1.18,-2.00,-473.18,,o-9\n")
COINBASE = ("Transactions\nUser,Somebody,1\nID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
            "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
            "a1,2025-01-17 16:57:02 UTC,Staking Income,ETH,0.000037835729,EUR,€3343.11229989,€0.12649,€0.12649,€0.00,\n"
            "a2,2025-01-07 19:26:56 UTC,Send,ETH,-0.18,EUR,€3302.65,-€597.49,-€597.49,€0.00,Sent\n"
            "a3,2024-12-05 06:33:40 UTC,Convert,BTC,0.0036,EUR,€96847.4,€338.92,€351.66,,Converted 0.0036 BTC to 156.1 XRP\n"
            "a4,2022-03-25 06:45:27 UTC,Buy,BTC,0.0016,EUR,€39999.33,€67.01,€70.00,€2.99,Bought\n"
            "a4,2022-03-25 06:45:27 UTC,Buy,BTC,0.0016,USD,$39999.33,$67.01,$70.00,$2.99,Bought\n")
ALPACA = ('[{"id": "20240102::1", "activity_type": "FILL", "transaction_time": "2024-01-03T01:30:00Z", "price": "20.5", "qty": "2", '
          '"side": "buy", "symbol": "ACME"},\n'
          '{"id": "2", "activity_type": "DIV", "date": "2024-02-01", "net_amount": "1.02", "symbol": "ACME", "qty": "2"},\n'
          '{"id": "3", "activity_type": "CSD", "date": "2024-01-01", "net_amount": "1000"},\n'
          '{"id": "4", "activity_type": "WHAT", "date": "2024-01-01", "net_amount": "1"}]')
SAXO = ("Client ID,Trade Date,Value Date,Type,Instrument,Instrument ISIN,Instrument currency,Exchange Description,Instrument Symbol,Event,Amount,"
        "Order ID,Conversion Rate\n"
        ',30-Dec-2024,02-Jan-2025,Trade,World,IE1,USD,London,VWRA:xlon,Buy 3 @ 139.74 USD,"-422,99",,1\n'
        ",30-Dec-2024,30-Dec-2024,Cash Transfer,,,USD,Unknown,,Deposit,833,,1\n"
        ",16-jan-2025,20-jan-2025,Transactie,S&P,IE2,EUR,Amsterdam,VUSA:xams,Koop 2 @ 110.01 EUR,-220.02,,1\n")
PARQET = ('"datetime";"date";"time";"price";"shares";"amount";"tax";"fee";"realizedgains";"type";"broker";"assettype";"identifier";"wkn";'
          '"originalcurrency";"currency";"fxrate";"holding";"holdingname";"holdingnickname";"exchange";"avgholdingperiod"; \n'
          '"2024-06-04T12:04:00.000Z";"04.06.2024";"14:04:00";263;6;1578;14,83;1;600,12;"Sell";;"Security";"DE1";"8";;"EUR";;;"A";;;5194 \n'
          '"2024-05-15T22:39:00.000Z";"16.05.2024";"00:39:00";22,88;14;320,32;-12,64;1;-6;"Sell";;"Security";"IL1";"A";;"EUR";;;"F";;;7 \n'
          '"2024-05-14T22:35:00.000Z";"15.05.2024";"00:35:00";0,24;40;9,6;2,51;0;;"Dividend";;"Security";"US1";"8";;"EUR";;;"R";;; \n')
REVOLUT = ("Date,Ticker,Type,Quantity,Price per share,Total Amount,Currency,FX Rate\n"
           "2019-11-15T23:15:55.878985Z,,CASH TOP-UP,,,$5.22,USD,1.1055\n"
           '2025-09-08T07:29:03.333Z,MSFT,BUY - MARKET,"0,76672417",€26.09,€20,EUR,1\n'
           "2022-08-25T08:27:46.419568Z,TSLA,STOCK SPLIT,0.16431924,,$0,USD,0.09\n"
           "2023-09-09T09:21:25.730802Z,TSLA,TRANSFER FROM REVOLUT TRADING LTD TO REVOLUT SECURITIES EUROPE UAB,0.24,,$0,USD,0.09\n")
TRADOVATE = ("Position ID,Timestamp,Trade Date,Account,Contract,Pair ID,Paired Qty,Buy Price,Sell Price,P/L,Currency,Bought Timestamp,"
             "Sold Timestamp\n"
             "1,04/09/2026 17:14:44,2026-04-09,ACC1,MNQM6,77,5,25073.25,25072.00,-12.50,USD,04/09/2026 17:14:44,04/09/2026 17:14:44\n")
ACTIVITY = ("Statement,Header,Field Name,Field Value\nStatement,Data,Title,Activity Statement\n"
            'Statement,Data,Period,"January 1, 2024 - March 31, 2024"\n'
            "Account Information,Header,Field Name,Field Value\nAccount Information,Data,Account,U55\n"
            "Account Information,Data,Base Currency,USD\n"
            "Cash Report,Header,Currency Summary,Currency,Total,Securities,Futures\n"
            "Cash Report,Data,Starting Cash,USD,0,0,0\nCash Report,Data,Ending Cash,USD,308.5,308.5,0\n"
            "Open Positions,Header,DataDiscriminator,Asset Category,Currency,Symbol,Quantity,Mult,Cost Price\n"
            "Open Positions,Data,Summary,Stocks,USD,ACME,10,1,20.1\n"
            "Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,C. Price,Proceeds,Comm/Fee,Basis,"
            "Realized P/L,MTM P/L,Code\n"
            'Trades,Data,Order,Stocks,USD,ACME,"2024-01-15, 09:30:00",10,20,20,-200,-1,201,0,0,O\n'
            'Trades,Data,Order,Equity and Index Options,USD,ACME 19JAN24 18 P,"2024-01-16, 10:00:00",-1,0.5,0.5,50,-1.05,-49,0,0,O\n'
            "Trades,SubTotal,,Stocks,USD,ACME,,10,,,-200,-1,201,0,0,\n"
            "Dividends,Header,Currency,Date,Description,Amount\n"
            "Dividends,Data,USD,2024-03-01,ACME(US0000000001) Cash Dividend USD 0.95 per Share (Ordinary Dividend),9.5\n"
            "Dividends,Data,Total,,,9.5\n"
            "Deposits & Withdrawals,Header,Currency,Settle Date,Description,Amount\n"
            'Deposits & Withdrawals,Data,USD,2024-01-02,Electronic Fund Transfer,"1,000"\n'
            "Fees,Header,Subtitle,Currency,Date,Description,Amount\nFees,Data,Other Fees,USD,2024-02-01,Data,-548.95\n"
            "Notes/Legal Notes,Header,Note\nNotes/Legal Notes,Data,Anything\n")
FLEX = ('<FlexQueryResponse><FlexStatements><FlexStatement accountId="U1"><Trades><Trade assetCategory="STK" symbol="ACME" currency="USD" '
        'tradeDate="20240115" quantity="10" tradePrice="20" ibCommission="-1" ibCommissionCurrency="USD" buySell="BUY" transactionID="1"/>'
        "</Trades></FlexStatement></FlexStatements></FlexQueryResponse>")
FILES = {"ibkr-flex": FLEX, "ibkr-activity": ACTIVITY, "schwab": SCHWAB, "robinhood": ROBINHOOD, "fidelity": FIDELITY,
         "trading212": TRADING212, "degiro": DEGIRO, "degiro-transactions": DEGIRO_TRANSACTIONS, "coinbase": COINBASE, "alpaca": ALPACA, "saxo": SAXO, "parqet": PARQET,
         "revolut": REVOLUT, "tradovate": TRADOVATE}
