(** * Limits along filters

    A limit is [filterlim f FF (locally x)], along any filter [FF]: [locally' 0] is the punctured
    neighbourhood of zero in which [beta] lies, and one filter on a product gives a joint limit in
    [beta] and [eta].

    The main lemma is [hadamard]: if [f] is differentiable at [p0], [b -> 0] and
    [(p - p0) / b -> w], then [(f p - f p0) / b -> f'(p0) w].  It is the chain rule for difference
    quotients along a filter, and all that the analysis of the second phase needs; [p] need not
    depend on [b] alone. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Sums, multiples, pairs *)
Section Lim.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables U V : NM.

Lemma flim_plus (f g : T -> V) x y :
  filterlim f FF (locally x) -> filterlim g FF (locally y) ->
  filterlim (fun t => plus (f t) (g t)) FF (locally (plus x y)).
Proof. intros Hf Hg. eapply filterlim_comp_2; eauto. apply (filterlim_plus x y). Qed.
Lemma flim_opp (f : T -> V) x :
  filterlim f FF (locally x) -> filterlim (fun t => opp (f t)) FF (locally (opp x)).
Proof. intros Hf. eapply filterlim_comp; eauto. apply (filterlim_opp x). Qed.
Lemma flim_minus (f g : T -> V) x y :
  filterlim f FF (locally x) -> filterlim g FF (locally y) ->
  filterlim (fun t => minus (f t) (g t)) FF (locally (minus x y)).
Proof. intros. apply flim_plus; auto. now apply flim_opp. Qed.
Lemma flim_scal (k : T -> R) (f : T -> V) a x :
  filterlim k FF (locally (a : R_AbsRing)) -> filterlim f FF (locally x) ->
  filterlim (fun t => scal (k t : R_AbsRing) (f t)) FF (locally (scal (a : R_AbsRing) x)).
Proof. intros Hk Hf. eapply filterlim_comp_2; eauto. apply (filterlim_scal (a : R_AbsRing) x). Qed.
End Lim.

Lemma flim_pair {T} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (U V : UniformSpace) (f : T -> U) (g : T -> V) x y :
  filterlim f FF (locally x) -> filterlim g FF (locally y) ->
  filterlim (fun t => (f t, g t)) FF (locally (x, y)).
Proof.
intros Hf Hg. apply filterlim_locally. intros eps.
generalize (proj1 (filterlim_locally _ _) Hf eps) (proj1 (filterlim_locally _ _) Hg eps).
intros H1 H2. generalize (filter_and _ _ H1 H2). apply filter_imp. intros t [A B]; now split.
Qed.
Lemma flim_fst {T} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (U V : UniformSpace) (f : T -> U * V) (p : U * V) :
  filterlim f FF (locally p) -> filterlim (fun t => fst (f t)) FF (locally (fst p)).
Proof.
intros Hf. apply filterlim_locally. intros eps.
generalize (proj1 (filterlim_locally _ _) Hf eps). apply filter_imp. now intros t [A B].
Qed.
Lemma flim_snd {T} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (U V : UniformSpace) (f : T -> U * V) (p : U * V) :
  filterlim f FF (locally p) -> filterlim (fun t => snd (f t)) FF (locally (snd p)).
Proof.
intros Hf. apply filterlim_locally. intros eps.
generalize (proj1 (filterlim_locally _ _) Hf eps). apply filter_imp. now intros t [A B].
Qed.
Lemma flim_cst {T} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (U : UniformSpace) (x : U) :
  filterlim (fun _ : T => x) FF (locally x).
Proof. apply filterlim_const. Qed.
(** A limit in terms of the norm. *)
Lemma flim_norm {T} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (V : NM) (f : T -> V) (x : V) :
  filterlim f FF (locally x) <-> (forall eps : posreal, FF (fun t => norm (minus (f t) x) < eps)).
Proof. apply (@filterlim_locally_ball_norm R_AbsRing T V FF HF f x). Qed.

(** ** Difference quotients along a filter

    Idea: [f p - f p0] is [f'(p0) (p - p0)] up to a small multiple of [|p - p0|]; divided by [b]
    the first part tends to [f'(p0) w] and the second to zero, as [|p - p0| / |b|] stays bounded. *)
Section Hadamard.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables U V : NM.

(* If [(p - p0) / b] has a limit and [b -> 0], then [p -> p0]. *)
Lemma flim_back (b : T -> R) (p : T -> U) (p0 w : U) :
  filterlim b FF (locally (0:R)) -> FF (fun t => b t <> 0) ->
  filterlim (fun t => scal (/ b t : R_AbsRing) (minus (p t) p0)) FF (locally w) ->
  filterlim p FF (locally p0).
Proof.
intros Hb Hb0 Hw.
apply filterlim_ext_loc with (fun t => plus p0 (scal (b t : R_AbsRing) (scal (/ b t : R_AbsRing) (minus (p t) p0)))).
generalize Hb0; apply filter_imp; intros t Ht.
module_field U.
assert (E : p0 = plus p0 (scal (0 : R_AbsRing) w)) by module U.
match goal with |- filterlim ?f _ _ => change (filterlim f FF (locally p0)) end.
replace (locally p0) with (locally (plus p0 (scal (0 : R_AbsRing) w))) by now rewrite <- E.
apply flim_plus; auto. apply flim_cst; auto.
apply flim_scal; auto.
Qed.

Lemma hadamard (f : U -> V) (l : U -> V) (p0 : U) (b : T -> R) (p : T -> U) (w : U) :
  filterdiff f (locally p0) l ->
  filterlim b FF (locally (0:R)) -> FF (fun t => b t <> 0) ->
  filterlim (fun t => scal (/ b t : R_AbsRing) (minus (p t) p0)) FF (locally w) ->
  filterlim (fun t => scal (/ b t : R_AbsRing) (minus (f (p t)) (f p0))) FF (locally (l w)).
Proof.
intros [Hl Hd] Hb Hb0 Hw.
assert (Hp := @flim_back b p p0 w Hb Hb0 Hw).
specialize (Hd p0 (fun P H => H)).
set (q := fun t => scal (/ b t : R_AbsRing) (minus (p t) p0)) in *.
assert (Hlq : filterlim (fun t => l (q t)) FF (locally (l w))).
{ eapply filterlim_comp. exact Hw. apply (linear_cont l w Hl). }
apply filterlim_ext with (fun t => plus (l (q t))
   (scal (/ b t : R_AbsRing) (minus (minus (f (p t)) (f p0)) (l (minus (p t) p0))))).
{ intros t. unfold q. rewrite (linear_scal _ Hl). module V. }
replace (l w) with (plus (l w) zero) by apply plus_zero_r.
apply flim_plus; auto.
apply flim_norm; auto. intros eps.
assert (Hn : 0 < norm w + 1) by (generalize (norm_ge_0 w); lra).
assert (He : 0 < eps / (norm w + 1)) by (apply Rdiv_lt_0_compat; auto; apply cond_pos).
specialize (Hd (mkposreal _ He)).
assert (H1 := Hp _ Hd). unfold filtermap in H1; simpl in H1.
assert (H2 := proj1 (@flim_norm T FF HF U q w) Hw (mkposreal 1 Rlt_0_1)). simpl in H2.
generalize (filter_and _ _ Hb0 (filter_and _ _ H1 H2)). apply filter_imp.
intros t [A [B C]].
eapply Rle_lt_trans. right; apply f_equal; apply minus_zero_r.
eapply Rle_lt_trans. right; apply norm_scal_R.
assert (D : norm (q t) < norm w + 1).
{ replace (q t) with (plus (minus (q t) w) w) by module U.
  eapply Rle_lt_trans. apply norm_triangle.
rewrite Rplus_comm. apply Rplus_lt_compat_l. exact C. }
assert (E : 0 < Rabs (/ b t)).
{ apply Rabs_pos_lt. now apply Rinv_neq_0_compat. }
assert (Eq : norm (q t) = Rabs (/ b t) * norm (minus (p t) p0)) by (unfold q; apply norm_scal_R).
apply Rle_lt_trans with (Rabs (/ b t) * (eps / (norm w + 1) * norm (minus (p t) p0))).
apply Rmult_le_compat_l. lra. exact B.
replace (Rabs (/ b t) * (eps / (norm w + 1) * norm (minus (p t) p0))) with (eps / (norm w + 1) * norm (q t)) by (rewrite Eq; ring).
apply Rlt_le_trans with (eps / (norm w + 1) * (norm w + 1)).
apply Rmult_lt_compat_l; auto.
right; field; lra.
Qed.
End Hadamard.

(** ** Limits at zero on the real line *)
Lemma locally'_le (P : R -> Prop) : locally (0:R) P -> locally' (0:R) P.
Proof. intros H. unfold locally', within. revert H. apply filter_imp. auto. Qed.
Lemma flim_to' (V : UniformSpace) (f : R -> V) (y : V) :
  filterlim f (locally (0:R)) (locally y) -> filterlim f (locally' (0:R)) (locally y).
Proof. intros H P HP. apply locally'_le. apply (H P HP). Qed.
Lemma id_to0' : filterlim (fun b : R => b) (locally' (0:R)) (locally (0:R)).
Proof. apply (@flim_to' R_UniformSpace). apply filterlim_id. Qed.
Lemma ne0' : locally' (0:R) (fun b : R => b <> 0).
Proof. unfold locally', within. apply filter_forall. auto. Qed.
Lemma zero_div' : filterlim (fun b : R => 0 / b) (locally' (0:R)) (locally (0:R)).
Proof. apply filterlim_ext with (fun _ : R => 0). intros x. unfold Rdiv; ring. apply filterlim_const. Qed.

(** A function has one derivative at most: both give the same difference quotients. *)
Lemma filterdiff_lin_unique (U V : NM) (f : U -> V) p l1 l2 :
  filterdiff f (locally p) l1 -> filterdiff f (locally p) l2 -> forall h, l1 h = l2 h.
Proof.
intros H1 H2 h.
assert (Hb := id_to0'). assert (Hb0 := ne0').
assert (Hw : filterlim (fun t : R => scal (/ t : R_AbsRing) (minus (plus p (scal (t : R_AbsRing) h)) p)) (locally' (0:R)) (locally h)).
{ apply filterlim_ext_loc with (fun _ : R => h). 2: apply filterlim_const.
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ Hb0). intros t Ht. module_field U. }
assert (L1 := @hadamard R (locally' (0:R)) _ U V f l1 p (fun t => t) (fun t => plus p (scal (t : R_AbsRing) h)) h H1 Hb Hb0 Hw).
assert (L2 := @hadamard R (locally' (0:R)) _ U V f l2 p (fun t => t) (fun t => plus p (scal (t : R_AbsRing) h)) h H2 Hb Hb0 Hw).
apply (@filterlim_locally_unique R R_AbsRing V (locally' (0:R)) (Proper_StrongProper _ (Rbar_locally'_filter 0)) _ _ _ L1 L2).
Qed.

(** ** Being of the order of a given function, along a filter *)
Section BigO.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Definition bigO (V : NM) (f : T -> V) (phi : T -> R) : Prop :=
  exists K : R, 0 <= K /\ FF (fun x => norm (f x) <= K * phi x).
Section O1.
Variables U V : NM.
Lemma bO_ext (f g : T -> V) phi : FF (fun x => f x = g x) -> bigO V f phi -> bigO V g phi.
Proof. intros E [K [K0 H]]. exists K; split; auto. generalize (filter_and _ _ E H). apply filter_imp. intros x [<- X]; auto. Qed.
Lemma bO_le (f : T -> V) phi psi (c : R) : 0 <= c -> FF (fun x => phi x <= c * psi x) -> bigO V f phi -> bigO V f psi.
Proof.
intros c0 E [K [K0 H]]. exists (K * c); split. now apply Rmult_le_pos.
generalize (filter_and _ _ E H). apply filter_imp. intros x [X Y]. eapply Rle_trans. exact Y.
rewrite Rmult_assoc. now apply Rmult_le_compat_l.
Qed.
Lemma bO_plus (f g : T -> V) phi : bigO V f phi -> bigO V g phi -> bigO V (fun x => plus (f x) (g x)) phi.
Proof.
intros [K [K0 H]] [K' [K0' H']]. exists (K + K'); split. lra.
generalize (filter_and _ _ H H'). apply filter_imp. intros x [X Y]. eapply Rle_trans. apply norm_triangle.
rewrite Rmult_plus_distr_r. apply Rplus_le_compat; [exact X | exact Y].
Qed.
Lemma bO_opp (f : T -> V) phi : bigO V f phi -> bigO V (fun x => opp (f x)) phi.
Proof.
intros [K [K0 H]]. exists K; split; auto. revert H. apply filter_imp. intros x X. eapply Rle_trans. right; apply norm_opp. exact X.
Qed.
Lemma bO_minus (f g : T -> V) phi : bigO V f phi -> bigO V g phi -> bigO V (fun x => minus (f x) (g x)) phi.
Proof. intros H1 H2. apply bO_plus; auto. now apply bO_opp. Qed.
Lemma bO_lin (l : U -> V) (f : T -> U) phi : is_linear l -> bigO U f phi -> bigO V (fun x => l (f x)) phi.
Proof.
intros [_ _ [M [M0 HM]]] [K [K0 H]]. exists (M * K); split. apply Rmult_le_pos; lra.
revert H. apply filter_imp. intros x X. eapply Rle_trans. apply HM. rewrite Rmult_assoc. apply Rmult_le_compat_l. lra. exact X.
Qed.
Lemma bO_scal (k : T -> R) (f : T -> V) phi : bigO V f phi -> bigO V (fun x => scal (k x : R_AbsRing) (f x)) (fun x => Rabs (k x) * phi x).
Proof.
intros [K [K0 H]]. exists K; split; auto. revert H. apply filter_imp. intros x X.
eapply Rle_trans. right; apply norm_scal_R.
replace (K * (Rabs (k x) * phi x)) with (Rabs (k x) * (K * phi x)) by ring. apply Rmult_le_compat_l. apply Rabs_pos. exact X.
Qed.
Lemma bO_cst (v : V) : bigO V (fun _ => v) (fun _ => 1).
Proof. exists (norm v); split. apply norm_ge_0. apply filter_forall. intros _. rewrite Rmult_1_r. apply Rle_refl. Qed.
Lemma bO_lim (f : T -> V) phi p : filterlim phi FF (locally (0:R)) -> bigO V (fun x => minus (f x) p) phi -> filterlim f FF (locally p).
Proof.
intros Hp [K [K0 H]]. apply flim_norm; auto. intros eps.
assert (He : 0 < eps / (K + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | lra]).
assert (N := proj1 (@flim_norm T FF HF R_NormedModule phi 0) Hp (mkposreal _ He)).
generalize (filter_and _ _ H N). apply filter_imp. intros x [X Y].
eapply Rle_lt_trans. exact X.
change (Rabs (phi x + - 0) < eps / (K + 1)) in Y. rewrite Ropp_0, Rplus_0_r in Y.
apply Rle_lt_trans with (K * Rabs (phi x)). apply Rmult_le_compat_l; auto. apply Rle_abs.
apply Rle_lt_trans with (K * (eps / (K + 1))). apply Rmult_le_compat_l; auto; lra.
apply Rmult_lt_reg_r with (K + 1). lra. field_simplify; [|lra]. generalize (cond_pos eps). nra.
Qed.
Lemma bO_pair (f : T -> U) (g : T -> V) phi : bigO U f phi -> bigO V g phi ->
  bigO (prod_NormedModule R_AbsRing U V) (fun x => (f x, g x)) phi.
Proof.
intros [K [K0 H]] [K' [K0' H']]. exists (2 * (K + K')); split. lra.
generalize (filter_and _ _ H H'). apply filter_imp. intros x [X Y].
eapply Rle_trans. apply norm_prod.
assert (X0 : 0 <= norm (f x)) by apply norm_ge_0. assert (Y0 : 0 <= norm (g x)) by apply norm_ge_0.
assert (S2 : sqrt 2 <= 2). { rewrite <- (sqrt_square 2) at 2 by lra. apply sqrt_le_1; lra. }
assert (S0 : 0 <= sqrt 2) by apply sqrt_pos.
assert (MM : Rmax (norm (f x)) (norm (g x)) <= (K + K') * phi x).
{ rewrite Rmult_plus_distr_r. apply Rmax_lub.
  apply Rle_trans with (K * phi x). exact X. assert (0 <= K' * phi x) by (eapply Rle_trans; [exact Y0 | exact Y]). lra.
  apply Rle_trans with (K' * phi x). exact Y. assert (0 <= K * phi x) by (eapply Rle_trans; [exact X0 | exact X]). lra. }
assert (M0 : 0 <= Rmax (norm (f x)) (norm (g x))) by (eapply Rle_trans; [exact X0 | apply Rmax_l]).
apply Rle_trans with (2 * Rmax (norm (f x)) (norm (g x))). now apply Rmult_le_compat_r. lra.
Qed.
(** [f] is its linear part at [p0] up to a remainder of second order; hence differentiable there
    ([quadratic_remainder_diff]). *)
Definition quadratic_remainder (f : U -> V) (p0 : U) (l : U -> V) : Prop :=
  exists M : R, 0 <= M /\ locally p0 (fun p => norm (minus (minus (f p) (f p0)) (l (minus p p0))) <= M * (norm (minus p p0) * norm (minus p p0))).
End O1.
Lemma bO_quad (U V : NM) (f : U -> V) p0 l (p : T -> U) phi : quadratic_remainder U V f p0 l -> filterlim phi FF (locally (0:R)) ->
  bigO U (fun x => minus (p x) p0) phi ->
  bigO V (fun x => minus (minus (f (p x)) (f p0)) (l (minus (p x) p0))) (fun x => phi x * phi x).
Proof.
intros [M [M0 HM]] Hphi HO.
assert (L := @bO_lim U p phi p0 Hphi HO). destruct HO as [K [K0 HK]].
exists (M * (K * K)). split. repeat apply Rmult_le_pos; auto.
assert (N : FF (fun x => norm (minus (minus (f (p x)) (f p0)) (l (minus (p x) p0))) <= M * (norm (minus (p x) p0) * norm (minus (p x) p0)))) by exact (L _ HM).
refine (@filter_imp T FF HF _ _ _ (filter_and _ _ N HK)). intros x [X Y].
eapply Rle_trans. exact X.
replace (M * (K * K) * (phi x * phi x)) with (M * ((K * phi x) * (K * phi x))) by ring.
apply Rmult_le_compat_l; auto.
assert (P : 0 <= norm (minus (p x) p0)) by apply norm_ge_0.
apply Rmult_le_compat; auto.
Qed.
End BigO.

Lemma quadratic_remainder_diff (U V : NM) (f : U -> V) p l : is_linear l -> quadratic_remainder U V f p l -> filterdiff f (locally p) l.
Proof.
intros Hl [M [M0 HM]]. split; auto. intros x Hx.
assert (E := @is_filter_lim_locally_unique R_AbsRing U _ _ Hx). subst x. intros eps.
assert (He : 0 < eps / (M + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | lra]).
assert (N := @locally_ball_norm R_AbsRing U p (mkposreal _ He)).
refine (@filter_imp U (locally p) _ _ _ _ (filter_and _ _ HM N)). intros y [X Y].
eapply Rle_trans. exact X.
assert (P : 0 <= norm (minus y p)) by apply norm_ge_0.
assert (Y' : norm (minus y p) < eps / (M + 1)) by exact Y.
rewrite <- Rmult_assoc. apply Rmult_le_compat_r. exact P.
apply Rle_trans with (M * (eps / (M + 1))). apply Rmult_le_compat_l; auto. left; exact Y'.
apply Rmult_le_reg_r with (M + 1). lra. field_simplify; [|lra]. generalize (cond_pos eps). nra.
Qed.

(** ** The norm of a pair bounds its components *)
Section NormPair.
Let Z := prod_NormedModule R_AbsRing R_NormedModule R_NormedModule.
Lemma norm_fst (q : Z) : Rabs (fst q) <= norm q.
Proof. destruct q as [x y]. eapply Rle_trans. 2: exact (proj1 (@norm_prod R_AbsRing R_NormedModule R_NormedModule x y)). apply Rmax_l. Qed.
Lemma norm_snd (q : Z) : Rabs (snd q) <= norm q.
Proof. destruct q as [x y]. eapply Rle_trans. 2: exact (proj1 (@norm_prod R_AbsRing R_NormedModule R_NormedModule x y)). apply Rmax_r. Qed.
End NormPair.
